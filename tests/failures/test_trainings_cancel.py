"""Cancelling a training at every stage of its life: always 200, always with the last state."""

import time
from collections.abc import Iterator

import pytest
from support.host import Host
from support.shape import assert_failure
from support.storm_size import Size
from support.trainings import (
    Client,
    Ground,
    at_once,
    children_of_trainings,
    processes_of_trainings,
)
from support.waiting import wait_until

STRANGER = "0" * 32
KILLED = ("ignores", "blocks")


@pytest.fixture(scope="module")
def host(lasting_ground: Ground) -> Iterator[Host]:
    """One host for all of these tests, which leave nothing running."""
    with lasting_ground.host(
        "--cancel-grace", "20", models=("trains", "trains_slowly")
    ) as lasting_host:
        yield lasting_host


def test_queued(host: Host) -> None:
    client = Client(host)
    running = client.begin("waits", text="q")
    first, second = client.begin("writes"), client.begin("writes")
    cancelled = client.cancel(first)
    assert cancelled["status"] == "cancelled"
    assert "start_date" not in cancelled
    host.touch("go-q")
    assert client.wait(running)["status"] == "done"
    assert client.wait(second)["status"] == "done"
    assert client.get(first) == client.cancel(first) == cancelled
    assert client.files(first) == {}


def test_starting(host: Host) -> None:
    """Its model is still being loaded: there is nothing that could be saved."""
    client = Client(host, "trains_slowly")
    run = client.begin()
    wait_until(lambda: "loads" in host.journal(), "its model is being loaded")
    start = time.monotonic()
    assert client.cancel(run)["status"] == "cancelled"
    assert time.monotonic() - start < 20  # Not the grace, which is longer.
    assert processes_of_trainings(host) == []
    host.touch("load")
    assert client.wait(client.begin())["status"] == "done"
    assert client.get(run)["status"] == "cancelled"


def test_running(host: Host) -> None:
    client = Client(host)
    run = client.begin("keeps", text="r")
    wait_until(lambda: "ready r" in host.journal(), "it is at work")
    cancelled = client.cancel(run)
    assert cancelled["status"] == "cancelled"
    assert cancelled["message"] == "cancelled on request"
    assert client.files(run) == {"begun": b"r", "checkpoint": b"saved"}
    assert "saved\n" in client.log(run)
    assert "leaves r" in host.journal()
    assert processes_of_trainings(host) == []
    assert client.cancel(run) == client.get(run) == cancelled


def test_finishing(host: Host) -> None:
    """`train` has returned, but a thread keeps the process: its result counts."""
    client = Client(host)
    run = client.begin("lingers", text="f")
    wait_until(lambda: "lingers f" in host.journal(), "train has returned")
    assert client.status(run) == "running"
    (cancelled, _) = at_once(lambda: client.cancel(run), lambda: _release(host, client, run))
    assert cancelled["status"] == "done"
    assert cancelled["result"]["output"] == {"text": "f"}
    assert client.files(run) == {"written": b"f"}


def _release(host: Host, client: Client, run: str) -> None:
    wait_until(lambda: client.get(run).get("cancelling"), "the wish to cancel has arrived")
    host.touch("go-f")


def test_ended_already(host: Host) -> None:
    """What is done stays done, with its result and its files."""
    client = Client(host)
    done, error = client.begin("writes", text="x"), client.begin("raises", text="wrong")
    for run, status in ((done, "done"), (error, "error")):
        ended = client.wait(run, status)
        assert client.cancel(run) == client.cancel(run) == client.get(run) == ended
    assert client.files(done) == {"0.txt": b"x"}


def test_two_clients_at_the_same_moment(host: Host) -> None:
    client = Client(host)
    run = client.begin("saves")
    wait_until(lambda: client.get(run).get("progress"), "it is at work")
    for shown in at_once(*[lambda: client.cancel(run)] * 4):
        assert shown["status"] == "cancelled"
    assert set(client.files(run)) == {"checkpoint"}


def test_at_the_moment_it_begins(host: Host, size: Size) -> None:
    """Posted and cancelled at once, again and again: whatever it was doing, it ends."""
    client = Client(host)
    for number in range(size(4, 20)):
        run = client.begin("waits", text=str(number))
        if number % 2:
            wait_until(lambda: processes_of_trainings(host), "it has a process")
        assert client.cancel(run)["status"] == "cancelled"
    wait_until(lambda: not processes_of_trainings(host), "all processes have gone")
    assert client.wait(client.begin())["status"] == "done"


def test_unknown(host: Host) -> None:
    client = Client(host)
    run = client.begin()
    client.wait(run, "done")
    for path in (STRANGER, "no-uuid", "%00", "x" * 500):
        assert_failure(client.send("DELETE", path), 404)
    assert_failure(Client(host, "trains_slowly").send("DELETE", run), 404)
    assert client.status(run) == "done"


def test_however_they_behave(sqlite_ground: Ground) -> None:
    """Nothing of them stays: no process, no child, not in a session of its own either."""
    kept = {
        # They end when they are asked to:
        "handles": {"handled"},
        "keeps": {"begun", "checkpoint"},
        "saves": {"checkpoint"},
        "forks": set(),
        # They are killed after the grace:
        "ignores": {"begun"},
        "blocks": set(),  # The last one, as it keeps a processor busy.
    }
    with sqlite_ground.host("--train-workers", "6", "--cancel-grace", "2") as host:
        client = Client(host)
        runs = {how: client.begin(how, text=how) for how in kept}
        for how, run in runs.items():
            wait_until(lambda h=how, r=run: _at_work(host, client, h, r), f"{how} is at work")  # type: ignore[misc]
        assert len(children_of_trainings(host)) == 2
        start = time.monotonic()
        ended = at_once(*[lambda run=run: client.cancel(run) for run in runs.values()])
        assert 1.9 < time.monotonic() - start < 20
        for how, shown in zip(kept, ended, strict=True):
            killed = "; it was killed: it did not stop within 2 s"
            assert shown["status"] == "cancelled"
            assert shown["message"] == "cancelled on request" + killed * (how in KILLED)
            assert set(client.files(runs[how])) == kept[how]
        assert processes_of_trainings(host) == children_of_trainings(host) == []
        # A thread that stays does not hold up the end of a training that nobody cancels, either.
        assert client.wait(client.begin("lingers", text="a"))["status"] == "done"


def _at_work(host: Host, client: Client, how: str, run: str) -> bool:
    return f"ready {how}" in host.journal() or "progress" in client.get(run)
