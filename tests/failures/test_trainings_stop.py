"""A host with trainings that is stopped in good order."""

import signal
import time
from contextlib import suppress

import psutil
from support.trainings import Client, Ground, term
from support.waiting import wait_until


def test_sigterm_with_trainings(ground: Ground) -> None:
    """Each may save what it has; then it is interrupted, and what waits is done by the next."""
    with ground.host("--train-workers", "2", "--cancel-grace", "10") as first:
        client = Client(first)
        polls = client.begin("saves")
        loop = client.begin("keeps", text="b")
        waiting = client.begin("writes", text="c")
        wait_until(lambda: client.get(polls).get("progress"), "the one is at work")
        client.wait_running(loop, "b")
        wait_until(lambda: "ready b" in first.journal(), "the other too")
        start = time.monotonic()
        term(first)
        assert first.wait(15) == 0
        assert time.monotonic() - start < 8  # Nobody has waited for the end of the grace.
    with ground.host() as second:
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


def test_sigterm_with_a_training_that_does_not_listen(sqlite_ground: Ground) -> None:
    with sqlite_ground.host("--cancel-grace", "1") as first:
        client = Client(first)
        run = client.begin("ignores", text="a")
        wait_until(lambda: "ready a" in first.journal(), "it does not listen any more")
        start = time.monotonic()
        term(first)
        assert first.wait(10) == 0
        assert 0.9 < time.monotonic() - start < 6
    with sqlite_ground.host() as second:
        client = Client(second)
        shown = client.get(run)
        assert shown["status"] == "interrupted"
        assert shown["message"].startswith("the host was stopped; it was killed")
        assert client.files(run) == {"begun": b"a"}


def test_a_second_sigterm_hurries(sqlite_ground: Ground) -> None:
    with sqlite_ground.host("--cancel-grace", "60") as first:
        client = Client(first)
        run = client.begin("ignores", text="a")
        wait_until(lambda: "ready a" in first.journal(), "it does not listen any more")
        term(first)
        wait_until(first.is_closed, "the host is stopping")
        assert first.process.poll() is None
        start = time.monotonic()
        first.send(signal.SIGTERM)
        assert first.wait(10) == 0
        assert time.monotonic() - start < 5
    with sqlite_ground.host() as second:
        assert Client(second).get(run)["status"] == "interrupted"


def test_sigterm_while_a_training_starts(sqlite_ground: Ground) -> None:
    """It has nothing to save yet, and is ended at once."""
    with sqlite_ground.host("--cancel-grace", "60", models=("trains_slowly",)) as first:
        run = Client(first, "trains_slowly").begin()
        wait_until(lambda: "loads" in first.journal(), "its model is being loaded")
        start = time.monotonic()
        term(first)
        assert first.wait(10) == 0
        assert time.monotonic() - start < 5
    with sqlite_ground.host(models=("trains_slowly",)) as second:
        assert Client(second, "trains_slowly").get(run)["status"] == "interrupted"


def test_sigterm_to_every_process(sqlite_ground: Ground) -> None:
    """As service managers do it: the training gets the signal twice, or before its host does."""
    with sqlite_ground.host() as first:
        client = Client(first)
        run = client.begin("keeps", text="a")
        wait_until(lambda: "ready a" in first.journal(), "it is at work")
        first.watch.stop()
        for process in first.family():
            with suppress(psutil.NoSuchProcess):  # The host ends the others while this goes on.
                process.send_signal(signal.SIGTERM)
        assert first.wait(10) == 0
    with sqlite_ground.host() as second:
        client = Client(second)
        assert client.get(run)["status"] in ("interrupted", "error")
        assert client.files(run)["checkpoint"] == b"saved"
