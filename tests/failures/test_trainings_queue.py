"""Several trainings: how many at a time, in which order, how long they are kept; predictions."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.host import Host
from support.lasting import Since
from support.shape import assert_failure
from support.trainings import Client, Ground, processes_of_trainings
from support.waiting import wait_until


@pytest.fixture(scope="module")
def host(lasting_ground: Ground) -> Iterator[Host]:
    options = ["--workers", "1", "--train-workers", "2", "--train-queue-size", "3"]
    with lasting_ground.host(*options) as host:
        yield host


def test_two_at_a_time_in_order_and_a_full_queue(
    host: Host, since: Since, lasting_ground: Ground
) -> None:
    client = Client(host)
    texts = [str(number) for number in range(5)]
    runs = [client.begin("waits", text=text) for text in texts]
    wait_until(lambda: {"begins 0", "begins 1"} <= {*since.journal()}, "two run")
    assert [client.status(run) for run in runs] == ["running"] * 2 + ["queued"] * 3

    listed, folders = _without_durations(client.list()), lasting_ground.folders()
    answer = client.post("writes")
    assert "the training queue is full: 3 runs are waiting" in assert_failure(answer, 503)
    assert int(answer.headers["retry-after"]) > 0
    assert _without_durations(client.list()) == listed
    assert lasting_ground.folders() == folders
    client.cancel(runs.pop())
    runs.append(client.begin("waits", text="4"))

    for done in range(5):
        host.touch(f"go-{done}")
        client.wait(runs[done], "done")
        following = min(done + 2, 4)
        wait_until(lambda n=following: f"begins {n}" in since.journal(), "the next one begins")  # type: ignore[misc]
        assert len(processes_of_trainings(host)) <= 2
    begun = [line for line in since.journal() if line.startswith("begins")]
    assert begun[2:] == ["begins 2", "begins 3", "begins 4"]


def test_who_hears_of_an_end_finds_the_place_free(host: Host) -> None:
    """Also when the end of the one before and the new request meet on the way."""
    client = Client(host)
    waits = client.begin("waits", text="all the time")  # One place is left.
    client.wait_running(waits, "all the time")
    told = []
    for _ in range(8):
        answer = client.post("returns")
        told.append(answer.json()["status"])
        client.wait(answer.json()["uuid"], "done")
    assert told == ["running"] * 8
    client.cancel(waits)


def test_predictions_while_trainings_run_and_crash(host: Host, since: Since) -> None:
    """With one worker: each prediction is answered."""
    client = Client(host)
    run = client.begin("waits", text="a")
    client.wait_running(run, "a")
    over = threading.Event()
    answers = []

    def predict() -> None:
        while not over.wait(0.02):
            answers.append(host.predict("trains", text="x", timeout=20))

    thread = threading.Thread(target=predict)
    thread.start()
    for how in ("dies", "raises", "leaves"):
        before = len(answers)
        assert client.wait(client.begin(how, count=3))["status"] == "error"
        assert len(answers) > before
    over.set()
    thread.join()
    assert {answer.status for answer in answers} == {200}
    assert since.restarts_count("trains") == 0
    assert client.status(run) == "running"
    host.touch("go-a")
    assert client.wait(run)["status"] == "done"


def test_keep_runs(host: Host, lasting_ground: Ground) -> None:
    """The oldest finished ones go, with their files; what runs or waits never does."""
    client = Client(host)
    ended = []
    for number in range(2):  # One after the other: who ended last is kept.
        ended.append(client.begin("writes", text=str(number)))
        client.wait(ended[-1], "done")
    busy = [client.begin("waits", text=text) for text in ("k", "l")]
    for run, text in zip(busy, ("k", "l"), strict=True):
        client.wait_running(run, text)
    waiting = client.begin("writes", text="b")
    kept = [ended[-1], *busy, waiting]
    with lasting_ground.host("--keep-runs", "1", models=("trains_slowly",)):
        wait_until(lambda: len(client.list()) == len(kept), "all but one are removed")
        assert [run["uuid"] for run in client.list()] == kept
        wait_until(lambda: lasting_ground.folders() == {*kept}, "with their files")
        assert_failure(client.send("GET", ended[0]), 404)
        assert_failure(client.send("GET", f"{ended[0]}/files/0.txt"), 404)
        assert client.files(ended[-1]) == {"0.txt": b"1"}
    with lasting_ground.host("--keep-runs", "10,0s", models=("trains_slowly",)):
        wait_until(lambda: len(client.list()) == 3, "it is too old")
    assert [run["status"] for run in client.list()] == ["running", "running", "queued"]
    for text in ("k", "l"):
        host.touch(f"go-{text}")
    for run in (*busy, waiting):
        assert client.wait(run)["status"] == "done"
    assert client.files(waiting) == {"0.txt": b"b"}
    links = (lasting_ground.folder / "tensorboard").iterdir()
    assert {link.name.rpartition("-")[2] for link in links} == {
        run[:12] for run in (*busy, waiting)
    }


def _without_durations(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What stays the same while a run goes on."""
    return [{k: v for k, v in run.items() if k != "duration_seconds"} for run in runs]
