"""Nothing that a model starts outlives it, whatever it does to be on its own.

Those processes have no mark by which they could be found: they write their ids to a file.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from support.host import COMMAND, Host, expose, start_host
from support.trainings import Client
from support.waiting import wait_until

MODEL = "escapes"
numbers = itertools.count()


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host([MODEL], "--predict-timeout", "3", "--cancel-grace", "0.5", "--no-ui") as host:
        yield host


@pytest.fixture
def label() -> Iterator[str]:
    yield (label := f"label{next(numbers)}")
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if label in process.cmdline():
                process.kill()


def escaped(host: Host, label: str) -> list[int]:
    """Which of them live."""
    path = host.home / f"escaped-{label}"
    wait_until(path.exists, "something has been started")
    return [pid for pid in map(int, path.read_text().split()) if lives(pid, label)]


def lives(pid: int, label: str) -> bool:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and label in process.cmdline()
    return False


def assert_gone(host: Host, label: str) -> None:
    wait_until(lambda: not escaped(host, label), "nothing of it is left")


@pytest.mark.parametrize(
    ("then", "how"),
    [("dies", "sleeps"), ("exits", "takes_in_orphans"), ("blocks", "takes_in_orphans")],
)
def test_the_end_of_a_worker(host: Host, label: str, then: str, how: str) -> None:
    """By itself, by its own wish, and over its time limit."""
    assert host.predict(MODEL, label=label, how=how, then=then).status in (500, 504)
    assert_gone(host, label)


def test_they_live_as_long_as_their_worker(host: Host, label: str) -> None:
    pid = host.predict(MODEL, label=label).json()["predictions"]["pid"]
    assert host.predict(MODEL, label=f"{label}-other").json()["predictions"]["pid"] == pid
    assert len(escaped(host, label)) == 1
    os.kill(pid, signal.SIGKILL)
    assert_gone(host, label)
    assert_gone(host, f"{label}-other")


def test_what_has_ended_is_taken_away(host: Host, label: str) -> None:
    host.predict(MODEL, label=label, how="ends")
    (pid,) = map(int, (host.home / f"escaped-{label}").read_text().split())
    wait_until(lambda: not psutil.pid_exists(pid), "nothing is left of it")


def test_processes_that_are_never_there_for_long(host: Host, label: str) -> None:
    host.predict(MODEL, label=label, how="hops", then="dies")
    assert host.predict(MODEL, label=f"{label}-other", how="ends").status == 200
    wait_until(lambda: not any(_named(label) for _ in range(20)), "nothing of it is left")
    assert "cannot be killed" not in host.log()


def _named(label: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cmdline()[-2:-1] == [label]:
                found.append(process.pid)
    return found


def test_whoever_watches_over_a_worker_is_killed(host: Host, label: str) -> None:
    """Then the worker goes too, and is replaced."""
    pid = host.predict(MODEL, label=label).json()["predictions"]["pid"]
    above = psutil.Process(pid).parent()
    assert above is not None
    assert above.pid != host.process.pid
    above.kill()
    wait_until(lambda: not psutil.pid_exists(pid), "the worker has gone")
    assert host.predict(MODEL, label=f"{label}-other").status == 200


@pytest.mark.parametrize("then", ["dies", "blocks"])
def test_whoever_watches_over_a_worker_is_stopped(host: Host, label: str, then: str) -> None:
    answer = host.predict(MODEL, label=label, then=then, stops_above="true")
    assert answer.status in (500, 504)
    assert_gone(host, label)
    assert host.predict(MODEL, label=f"{label}-other").status == 200


def test_the_host_is_killed_when_it_is_stopped(label: str) -> None:
    with start_host([MODEL], "--no-ui", "--no-train-endpoint") as host:
        assert host.predict(MODEL, label=label, stops_above="true").status == 200
        host.kill_9()
        assert_gone(host, label)


@pytest.mark.parametrize("then", ["returns", "dies"])
def test_the_end_of_a_training(host: Host, label: str, then: str) -> None:
    client = Client(host, MODEL)
    run = client.begin(label=label, then=then, how="takes_in_orphans")
    client.wait(run, "done" if then == "returns" else "error")
    assert not escaped(host, label)


def test_a_training_that_is_cancelled(host: Host, label: str) -> None:
    client = Client(host, MODEL)
    run = client.begin(label=label, then="blocks", how="sleeps")
    wait_until(lambda: escaped(host, label), "it has started something")
    client.cancel(run)
    client.wait(run, "cancelled")
    assert not escaped(host, label)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_end_of_the_host(label: str, number: int) -> None:
    with start_host([MODEL], "--no-ui") as host:
        assert host.predict(MODEL, label=label, how="takes_in_orphans").status == 200
        client = Client(host, MODEL)
        client.begin(label=f"{label}-run", then="blocks", how="sleeps")
        wait_until(lambda: escaped(host, f"{label}-run"), "the training has started something")
        if number == signal.SIGKILL:
            host.kill_9()
        else:
            host.stop(number)
        assert_gone(host, label)
        assert_gone(host, f"{label}-run")


def check(model: str, tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`deepaas-cli check` runs the author's code, too."""
    environment = {
        **os.environ,
        "PYTHONPATH": expose([model], tmp_path / "packages"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DEEPAAS_TEST_DIR": str(tmp_path),
    }
    command = [str(Path(COMMAND).with_name("deepaas-cli")), "check", *options, model]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_a_check_whose_process_is_stopped(tmp_path: Path) -> None:
    done = check("stops_above_at_import", tmp_path, "--timeout", "1")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "timed out after 1 s" in done.stdout


def test_the_end_of_a_check(tmp_path: Path) -> None:
    done = check("escapes_at_import", tmp_path)
    pids = list(map(int, (tmp_path / "escaped-import").read_text().split()))
    assert pids, done.stdout + done.stderr
    try:
        wait_until(lambda: not any(lives(pid, "import") for pid in pids), "they have gone")
    finally:
        for pid in pids:
            if lives(pid, "import"):
                os.kill(pid, signal.SIGKILL)
