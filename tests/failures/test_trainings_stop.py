"""A host with trainings that is stopped in good order."""

import signal
import time

from support.processes import send_to_all
from support.trainings import Client, Ground, processes_of_trainings, term
from support.waiting import wait_until


def test_sigterm_with_trainings(sqlite_ground: Ground) -> None:
    """Each may save what it has; then it is interrupted, and what waits is done by the next."""
    with sqlite_ground.host("--train-workers", "2", "--cancel-grace", "100") as first:
        client = Client(first)
        polls = client.begin("saves")
        loop = client.begin("keeps", text="b")
        waiting = client.begin("writes", text="c")
        wait_until(lambda: client.get(polls).get("progress"), "the one is at work")
        client.wait_running(loop, "b")
        wait_until(lambda: "ready b" in first.journal(), "the other too")
        term(first)
        assert first.wait(30) == 0  # Nobody has waited for the end of the grace.
    with sqlite_ground.host() as second:
        client = Client(second)
        assert client.wait(waiting)["status"] == "done"
        for run in (polls, loop):
            shown = client.get(run)
            assert shown["status"] == "interrupted"
            assert shown["message"] == "the host was stopped"
        step = int(client.files(polls)["checkpoint"])
        assert client.get(polls)["result"]["output"] == {"steps": step}
        assert client.files(loop) == {"begun": b"b", "checkpoint": b"saved"}
        assert "saved\n" in client.log(loop)


def test_sigterm_in_every_other_case(sqlite_ground: Ground) -> None:
    """One host after the other; the last one tells how the trainings of all have ended."""
    deaf = _does_not_listen(sqlite_ground)
    hurried, starting = _a_second_one_hurries(sqlite_ground)
    asked_twice = _to_every_process(sqlite_ground)
    with sqlite_ground.host(models=("trains", "trains_slowly")) as last:
        client = Client(last)
        shown = client.get(deaf)
        assert shown["status"] == "interrupted"
        assert shown["message"].startswith("the host was stopped; it was killed")
        assert client.files(deaf) == {"begun": b"deaf"}
        assert client.get(hurried)["status"] == "interrupted"
        assert Client(last, "trains_slowly").get(starting)["status"] == "interrupted"
        assert client.get(asked_twice)["status"] in ("interrupted", "error")
        assert client.files(asked_twice)["checkpoint"] == b"saved"


def _does_not_listen(ground: Ground) -> str:
    """It is killed after the grace."""
    with ground.host("--cancel-grace", "1") as host:
        run = Client(host).begin("ignores", text="deaf")
        wait_until(lambda: "ready deaf" in host.journal(), "it does not listen any more")
        start = time.monotonic()
        term(host)
        assert host.wait(20) == 0
        assert time.monotonic() - start > 0.9
    return run


def _a_second_one_hurries(ground: Ground) -> tuple[str, str]:
    """One that still starts has nothing to save, and is ended by the first one at once."""
    options = ["--cancel-grace", "60", "--train-workers", "2"]
    with ground.host(*options, models=("trains", "trains_slowly")) as host:
        deaf = Client(host).begin("ignores", text="a")
        starting = Client(host, "trains_slowly").begin()
        wait_until(lambda: "ready a" in host.journal(), "it does not listen any more")
        wait_until(lambda: "loads" in host.journal(), "the model of the other is being loaded")
        both_count = len(processes_of_trainings(host))
        term(host)
        wait_until(host.is_closed, "the host is stopping")
        wait_until(lambda: len(processes_of_trainings(host)) < both_count, "the one has gone", 20)
        assert host.process.poll() is None
        host.send(signal.SIGTERM)
        assert host.wait(20) == 0
    return deaf, starting


def _to_every_process(ground: Ground) -> str:
    """As service managers do it: the training gets the signal twice, or before its host does."""
    with ground.host() as host:
        run = Client(host).begin("keeps", text="a")
        wait_until(lambda: "ready a" in host.journal(), "it is at work")
        host.watch.stop()
        send_to_all(host.family(), signal.SIGTERM)
        assert host.wait(20) == 0
    return run
