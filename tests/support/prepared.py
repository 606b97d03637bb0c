"""Starts our own programs in tests, most of them without the time that Python needs to start.

`start` has hosts and commands forked from a process that has imported what they import, see
`support.preparing`: what they do then is what the program does, with the command line, the
environment, the descriptors and the session that it would have. One that differs from that in
what Python reads when it starts is executed, and so is what a test of starts asks for.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from .preparing import IMPORTED

PROGRAMS = Path(sys.executable).parent
PROGRAM = PROGRAMS / "deepaas-run"

READ_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "GLIBC_", "OPENSSL_", "SSL_")
"""What variables begin with that are read before a program, or while it imports."""

SET_LATER = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
"""Those of Python whose effect a fork has as well."""

ROOM_BYTES = 60_000
"""For the environment of what is forked, and for its command line."""


class Process(Protocol):
    """What tests need of `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | Any: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


def start(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    folder: Path,
    output: int,
    errors: int | None = None,
    open_input: bool = False,
    open_files: tuple[int, int] | None = None,
    executed: bool = False,
) -> Process:
    """Start a program in a session of its own.

    Args:
        command: its path, and its arguments.
        environment: all of its environment.
        folder: its current directory.
        output: a descriptor for its standard output.
        errors: one for its standard error, the same by default.
        open_input: let its standard input be a pipe that stays open, instead of nothing.
        open_files: soft and hard limit of its descriptors.
        executed: do not fork it: the test is about its start, or its memory.
    """
    words = [str(word) for word in command]
    if not executed and _can_be_forked(words, environment):
        streams = (output, output if errors is None else errors)
        preparation = _preparation(Path(words[0]).name)
        return preparation.fork(words, environment, folder, streams, open_input, open_files)
    if open_files is not None:
        limits = "ulimit -Sn {} && ulimit -Hn {}".format(*open_files)
        words = ["sh", "-c", f'{limits} && exec "$@"', "sh", *words]
    return subprocess.Popen(
        words,
        env=environment,
        cwd=folder,
        stdin=subprocess.PIPE if open_input else subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if errors is None else errors,
        start_new_session=True,
    )


def run(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as `subprocess.run` does; its environment is that of the tests."""
    done = run_bytes(command, folder=folder, environment=environment, seconds=seconds)
    said, told = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, said, told)


def run_bytes(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> subprocess.CompletedProcess[bytes]:
    """The same for a program that does not only print text."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = start(
            command,
            environment=os.environ if environment is None else environment,
            folder=folder,
            output=output.fileno(),
            errors=errors.fileno(),
        )
        try:
            code = process.wait(seconds)
        finally:
            process.kill()
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess([*command], code, output.read(), errors.read())


class Forked:
    """A process that the preparation has forked, which waits for it; made by `start`."""

    def __init__(self, report: int, kept_input: int | None) -> None:
        self.returncode: int | None = None
        self._report = os.fdopen(report, "rb", 0)
        self._input = None if kept_input is None else os.fdopen(kept_input, "wb")
        self._lock = threading.Lock()
        self.pid = int(self._report.readline() or 0)
        assert self.pid, "the process from which hosts are forked has ended"

    def poll(self) -> int | None:
        with self._lock:
            if self.returncode is None and self._is_told(0):
                told = self._report.readline()
                assert told, "the process from which hosts are forked has ended"
                self.returncode = int(told)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired("deepaas-run", timeout or 0)
            self._is_told(left)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _is_told(self, seconds: float | None) -> bool:
        """Whether it has ended, or does so within that time."""
        ready = select.poll()
        ready.register(self._report, select.POLLIN)
        return bool(ready.poll(None if seconds is None else seconds * 1000))


class _Preparation:
    """The process that has all imported; it ends with this one."""

    def __init__(self, program: str) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {name: os.environ[name] for name in os.environ if name not in SET_LATER}
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(_interpreter(), Path(__file__).with_name("preparing.py")),
                    *(str(theirs.fileno()), program, " " * ROOM_BYTES),
                ],
                env=environment | {"ROOM": " " * ROOM_BYTES},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[theirs.fileno()],
            )
        self.modules = frozenset(json.loads(self._control.recv(ROOM_BYTES)))
        self.environment = environment
        atexit.register(self._close)

    def fork(
        self,
        command: list[str],
        environment: Mapping[str, str],
        folder: Path,
        streams: tuple[int, int],
        open_input: bool,
        open_files: tuple[int, int] | None,
    ) -> Forked:
        request = {
            "command": command,
            "environment": dict(environment),
            "folder": str(folder),
            "open_files": open_files,
        }
        given, kept = os.pipe() if open_input else (os.open(os.devnull, os.O_RDONLY), None)
        report, reporting = os.pipe()
        try:
            message = json.dumps(request).encode()
            socket.send_fds(self._control, [message], [given, *streams, reporting])
        finally:
            os.close(given)
            os.close(reporting)
        return Forked(report, kept)

    def _close(self) -> None:
        self._control.shutdown(socket.SHUT_RDWR)
        self._process.wait()


@functools.cache
def _preparation(program: str) -> _Preparation:
    return _Preparation(program)


def _can_be_forked(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    program = Path(command[0])
    if program.name not in IMPORTED or program.parent != PROGRAMS:
        return False
    if sum(map(len, command)) + len(command) > ROOM_BYTES:
        return False
    if sum(len(name) + len(value) + 2 for name, value in environment.items()) > ROOM_BYTES:
        return False
    given = _read_at_start(environment)
    prepared = _preparation(program.name)
    return given == _read_at_start(prepared.environment) and not (
        _top_modules(environment.get("PYTHONPATH", ""))
        & (prepared.modules | {"sitecustomize", "usercustomize"})
    )


def _interpreter() -> str:
    """The one that the program's first line names."""
    return PROGRAM.read_text().partition("\n")[0].removeprefix("#!")


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(READ_AT_START) and name not in SET_LATER
    }


def _top_modules(python_path: str) -> set[str]:
    """The names of what can be imported from these folders."""
    folders = [Path(entry) for entry in python_path.split(os.pathsep) if entry]
    return {
        path.name.partition(".")[0]
        for folder in folders
        if folder.is_dir()
        for path in folder.iterdir()
    }
