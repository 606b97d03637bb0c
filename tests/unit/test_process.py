"""What a worker's process is given, and what starting and ending one leaves open."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deepaas.executor import CannotStart, Needs, Source
from deepaas.executor.local import LocalExecutor
from deepaas.executor.local.process import LocalProcess
from deepaas.messages import FromWorkerCalls, FromWorkerControl
from deepaas.options import declared, of_doors, variable
from deepaas.programs import inherited
from deepaas.settings import Settings, secret_variables


@pytest.mark.parametrize("name", sorted(secret_variables()))
def test_secrets_of_the_host_are_not_passed_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "https://user:secret@host/")
    monkeypatch.setenv("OS_DEFAULT__WORKERS", "2")
    passed_on = inherited()
    assert passed_on["OS_DEFAULT__WORKERS"] == "2"
    assert not any("user:secret" in value for value in passed_on.values())


def test_options_that_may_hold_a_secret_say_so() -> None:
    may = re.compile(r"url$|token|password|key$|keys$|secret")
    # The path of a file is no secret, nor is a limit.
    own = {
        variable("default", one.name)
        for one in declared(Settings)
        if may.search(one.name) and one.metadata.get("unit") not in ("FILE", "LIMITS")
    }
    of_a_door = {
        name
        for door in of_doors()
        for one in door.fields
        if may.search(one.name)
        for name in door.variables(one)
    }
    assert {"OS_COG__UPLOAD_URL", "OS_DEFAULT__COG_UPLOAD_URL"} <= of_a_door
    assert own | of_a_door <= secret_variables()


class Ended:
    """Who waits for the end of a worker."""

    def __init__(self) -> None:
        self.how: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def on_exit(self, how: str, killed: bool) -> None:
        assert not killed
        self.how.set_result(how)

    def on_gone(self) -> None:
        assert not self.how.done()

    def on_call(self, message: FromWorkerCalls) -> None:
        raise AssertionError(message)

    def on_control(self, message: FromWorkerControl) -> None:
        raise AssertionError(message)

    def on_garbage(self, what: str) -> None:
        raise AssertionError(what)


async def run(spool: Path) -> str:
    """Start a process that ends at once, as there is no such kind of model; how it ended."""
    ended = Ended()
    needs = Needs(Source("none", "no such kind", ""), spool)
    process = LocalProcess(needs, f"test-of-a-process-{os.getpid()}:1:", ended)
    try:
        return await asyncio.wait_for(ended.how, 60)
    finally:
        process.kill()
        process.calls.close()
        process.control.close()
        os.close(process.output)


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/dev/fd").iterdir()}


@contextlib.contextmanager
def soft_limit(count: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def alone(function: Callable[[Path], object], folder: Path) -> str:
    """What a function of this module says in a process of its own: other tests' hosts are watched
    in threads, which open descriptors whenever they like."""
    name = function.__name__
    program = f"import sys, pathlib; from {__name__} import {name} as told\n"
    program += "print(told(pathlib.Path(sys.argv[1])))"
    ran = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def end_with_many_descriptors(folder: Path) -> str:
    with contextlib.ExitStack() as stack, soft_limit(2048):
        for _ in range(1024):
            stack.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        return asyncio.run(run(folder))


def left_without_descriptors(folder: Path) -> list[list[str]]:
    async def fail_with_room_for(count: int) -> list[str]:
        # All numbers below the limit are taken but these.
        highest = os.dup(0)
        os.close(highest)
        before = open_descriptors()
        with soft_limit(highest + count), pytest.raises(OSError, match="Too many open files"):
            await run(folder)
        return sorted(open_descriptors() - before)

    async def fail() -> list[list[str]]:
        return [await fail_with_room_for(count) for count in range(10)]

    return asyncio.run(fail())


def left_without_threads(folder: Path) -> list[str]:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def fail() -> list[str]:
        before = open_descriptors()
        with pytest.MonkeyPatch.context() as context, pytest.raises(RuntimeError):
            context.setattr(threading.Thread, "start", start)
            await run(folder)
        return sorted(open_descriptors() - before)

    return asyncio.run(fail())


def test_its_end_is_noticed_however_many_descriptors_are_open(tmp_path: Path) -> None:
    """`select` takes numbers below 1024 only."""
    assert alone(end_with_many_descriptors, tmp_path) == "exited with code 1"


def test_nothing_stays_open_when_there_are_no_descriptors(tmp_path: Path) -> None:
    assert alone(left_without_descriptors, tmp_path) == str([[]] * 10)


def test_nothing_stays_when_there_is_no_thread(tmp_path: Path) -> None:
    assert alone(left_without_threads, tmp_path) == "[]"


def why_not(folder: Path, source: str = "") -> CannotStart:
    """Why a worker cannot be started."""
    with pytest.raises(CannotStart) as raised:
        LocalExecutor(f"test-of-an-executor-{os.getpid()}:").start(
            Needs(Source("none", "no such kind", source), folder), Ended()
        )
    return raised.value


async def test_there_may_be_descriptors_for_it_later(tmp_path: Path) -> None:
    lowest = os.dup(0)
    os.close(lowest)
    with soft_limit(lowest + 2):
        error = why_not(tmp_path)
    assert error.shortage
    assert "Too many open files" in str(error)


async def test_there_may_be_a_thread_for_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert why_not(tmp_path).shortage


async def test_what_the_system_never_takes_is_no_shortage(tmp_path: Path) -> None:
    error = why_not(tmp_path, "longer than an argument may be" * 100_000)
    assert not error.shortage
    assert "Argument list too long" in str(error)
