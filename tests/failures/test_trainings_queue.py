"""Several trainings: how many at a time, in which order, how long they are kept; predictions."""

import threading
from typing import Any

from support.shape import assert_failure
from support.trainings import Client, Ground, processes_of_trainings
from support.waiting import wait_until


def test_two_at_a_time_in_order(sqlite_ground: Ground) -> None:
    with sqlite_ground.host("--train-workers", "2") as host:
        client = Client(host)
        texts = [str(number) for number in range(5)]
        runs = [client.begin("waits", text=text) for text in texts]
        wait_until(lambda: {"begins 0", "begins 1"} <= {*host.journal()}, "two run")
        assert [client.status(run) for run in runs] == ["running"] * 2 + ["queued"] * 3
        for done in range(5):
            host.touch(f"go-{done}")
            client.wait(runs[done], "done")
            following = min(done + 2, 4)
            wait_until(lambda n=following: f"begins {n}" in host.journal(), "the next one begins")  # type: ignore[misc]
            assert len(processes_of_trainings(host)) <= 2
        begun = [line for line in host.journal() if line.startswith("begins")]
        assert begun[2:] == ["begins 2", "begins 3", "begins 4"]


def test_a_full_queue(sqlite_ground: Ground) -> None:
    with sqlite_ground.host("--train-queue-size", "2") as host:
        client = Client(host)
        running = client.begin("waits", text="a")
        client.wait_running(running, "a")
        waiting = [client.begin("writes") for _ in range(2)]
        listed, folders = _without_durations(client.list()), sqlite_ground.folders()
        answer = client.post("writes")
        assert "2 trainings are waiting already" in assert_failure(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
        assert _without_durations(client.list()) == listed
        assert sqlite_ground.folders() == folders
        client.cancel(waiting[0])
        last = client.begin("writes")
        host.touch("go-a")
        assert client.wait(last)["status"] == "done"


def test_predictions_while_trainings_run_and_crash(sqlite_ground: Ground) -> None:
    """With one worker: each prediction is answered, and soon."""
    with sqlite_ground.host("--workers", "1", "--train-workers", "2") as host:
        client = Client(host)
        run = client.begin("waits", text="a")
        client.wait_running(run, "a")
        over = threading.Event()
        answers = []

        def predict() -> None:
            while not over.is_set():
                answers.append(host.predict("trains", text="x"))

        thread = threading.Thread(target=predict)
        thread.start()
        for how in ("dies", "raises", "leaves"):
            assert client.wait(client.begin(how, count=3))["status"] == "error"
        over.set()
        thread.join()
        assert len(answers) > 10
        assert {answer.status for answer in answers} == {200}
        assert max(answer.seconds for answer in answers) < 2
        assert host.readiness("trains")["restarts_count"] == 0
        assert client.status(run) == "running"
        host.touch("go-a")
        assert client.wait(run)["status"] == "done"


def test_keep_runs(sqlite_ground: Ground) -> None:
    """The oldest finished ones go, with their files; what runs or waits never does."""
    with sqlite_ground.host() as first:
        client = Client(first)
        ended = [client.begin("writes", text=str(number)) for number in range(3)]
        for run in ended:
            client.wait(run, "done")
        running, waiting = client.begin("waits", text="a"), client.begin("writes", text="b")
        client.wait_running(running, "a")
        with sqlite_ground.host("--keep-runs", "1", models=("trains_slowly",)):
            wait_until(lambda: len(client.list()) == 3, "two are removed")
            assert [run["uuid"] for run in client.list()] == [ended[2], running, waiting]
            wait_until(
                lambda: sqlite_ground.folders() == {ended[2], running, waiting}, "with their files"
            )
            assert_failure(client.send("GET", ended[0]), 404)
            assert_failure(client.send("GET", f"{ended[0]}/files/0.txt"), 404)
            assert client.files(ended[2]) == {"0.txt": b"2"}
        with sqlite_ground.host("--keep-runs", "10,0s", models=("trains_slowly",)):
            wait_until(lambda: len(client.list()) == 2, "it is too old")
        assert [run["status"] for run in client.list()] == ["running", "queued"]
        first.touch("go-a")
        assert client.wait(running)["status"] == "done"
        assert client.wait(waiting)["status"] == "done"
        assert client.files(waiting) == {"0.txt": b"b"}
    links = (sqlite_ground.folder / "tensorboard").iterdir()
    assert {link.name.rpartition("-")[2] for link in links} == {running[:12], waiting[:12]}


def _without_durations(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What stays the same while a run goes on."""
    return [{k: v for k, v in run.items() if k != "duration_seconds"} for run in runs]
