"""Kills processes that a model has started when the host exits, even in other sessions.

Workers have a mark in their environment, which their child processes inherit. The process group of
a worker is killed with it; processes that have left the group are found by the mark. If the host
itself is killed, a small separate process, the warden, does the same. It runs this file alone and
imports little of the standard library.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "DEEPAAS_WORKER"
"""Environment variable with the mark ``HOST:WORKER``."""

ROUNDS_COUNT = 20
STOP_SECONDS = 10.0


def end_marked(mark: str) -> None:
    """Kill all processes whose mark has this prefix, and those that they start meanwhile.

    ``HOST:`` is for all workers of a host, ``HOST:WORKER:`` for one. Only Linux shows the
    environment of other processes; elsewhere this does nothing.
    """
    wanted = f"{VARIABLE}={mark}".encode()
    for _ in range(ROUNDS_COUNT):
        found = [pid for pid in _processes() if _is_marked(pid, wanted)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def warden(host: str) -> Iterator[None]:
    """Start a warden for this process; on exit, kill the processes that its workers left."""
    import subprocess  # The warden itself does without.

    process = subprocess.Popen(
        # -I -S: it needs no installed packages, and starts faster.
        [sys.executable, "-I", "-S", __file__, host],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _processes() -> list[int]:
    try:
        # os instead of pathlib, which takes longer to import than everything else.
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    except OSError:
        return []


def _is_marked(pid: int, wanted: bytes) -> bool:
    try:
        # One that has exited, which only its parent can reap, has no environment any more.
        with open(f"/proc/{pid}/environ", "rb") as file:
            environment = file.read()
    except OSError:
        return False  # It belongs to another user, or has just exited.
    return wanted in environment and any(
        entry.startswith(wanted) for entry in environment.split(b"\0")
    )


def _main() -> None:
    # A service manager may send SIGTERM to all processes of the host; the warden exits last.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(sys.stdin.fileno(), 1):
        pass
    end_marked(f"{sys.argv[1]}:")


if __name__ == "__main__":
    _main()
