"""Nothing that a model has started outlives the host, not even in a session of its own.

Workers carry a mark in their environment, and whatever they start inherits it. A worker's
process group is ended with it; what has left the group is found by the mark. For the case that
the host itself is killed, a small process of its own, the warden, waits for that and does the
same. It runs this file alone, with the standard library's smallest parts.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

VARIABLE = "DEEPAAS_WORKER"
"""Environment variable with the mark ``HOST:WORKER``."""

ROUNDS_COUNT = 20
STOP_SECONDS = 10.0


def end_marked(mark: str) -> None:
    """Kill every process whose mark begins so, and those that these start meanwhile.

    ``HOST:`` is for all workers of a host, ``HOST:WORKER:`` for one. Only Linux tells the
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
    """Have a warden watch over this process; leaving ends what is left of its workers."""
    process = subprocess.Popen(
        # -I -S: it needs nothing that is installed, and starts at once.
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
        # os rather than pathlib, which takes longer to import than all the rest.
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    except OSError:
        return []


def _is_marked(pid: int, wanted: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            if file.read().rpartition(b")")[2].split()[0] == b"Z":
                return False  # It has ended; only its parent can take the rest away.
        with open(f"/proc/{pid}/environ", "rb") as file:
            return any(entry.startswith(wanted) for entry in file.read().split(b"\0"))
    except (OSError, IndexError):
        return False  # Somebody else's, or just gone.


def _main() -> None:
    # A service manager may tell all processes of the host to end; the warden goes last.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(sys.stdin.fileno(), 1):
        pass
    end_marked(f"{sys.argv[1]}:")


if __name__ == "__main__":
    _main()
