"""Runs `deepaas-cli` in copies of a process that has imported it once, to save its start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cli.command import Ended
from support.waiting import wait_until

SERVER = Path(__file__).with_name("fork_server.py")
SECONDS = 60


class Forks:
    """Starts commands, one at a time.

    Args:
        ours: socket to the process that forks.
        folder: where the commands work.
    """

    def __init__(self, ours: socket.socket, folder: Path) -> None:
        self._socket = ours
        self._answers = ours.makefile("rb")
        self._folder = folder

    def run(self, *words: str, interrupt_at: str = "") -> Ended:
        """Run a command to its end.

        Args:
            words: behind `deepaas-cli`.
            interrupt_at: when this stands on its standard error, it gets a Ctrl-C.
        """
        reading, writing = os.pipe()
        errors = self._folder / "errors"
        with os.fdopen(reading, "rb") as output, errors.open("wb") as error_file:
            request = json.dumps([*words]).encode()
            socket.send_fds(self._socket, [request], [writing, error_file.fileno()])
            os.close(writing)
            process = int(self._answers.readline())
            ending = threading.Timer(SECONDS, _end, (process, signal.SIGKILL))
            ending.start()
            if interrupt_at:
                wait_until(lambda: interrupt_at in errors.read_text(), interrupt_at, 20)
                _end(process, signal.SIGINT)
            written = output.read()
            code = int(self._answers.readline())
            ending.cancel()
        return Ended(code, written, errors.read_text())


@contextmanager
def forking(folder: Path) -> Iterator[Forks]:
    """A process that forks for commands in this folder."""
    ours, theirs = socket.socketpair()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DEEPAAS", "COG", "COLUMNS"))
    } | {"TMPDIR": str(folder)}
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-IB", str(SERVER), str(theirs.fileno())],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        try:
            yield Forks(ours, folder)
        finally:
            ours.shutdown(socket.SHUT_RDWR)
            process.wait()


def _end(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)
