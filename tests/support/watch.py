"""Watches a host's health while a test is busy with something else."""

import threading
import time
from http.client import HTTPException
from pathlib import Path

from .client import request

STARTING_INTERVAL_SECONDS = 0.25
INTERVAL_SECONDS = 1.0
"""Once it has been ready; hosts of which a whole session has one are asked all the time."""

MAX_SECONDS = 5.0


class Watch:
    """Asks `/healthz` again and again, from the first answer to the stop, and `/readyz` until that
    is ready.

    A loop that is blocked is seen by the question that waits in it: it need not be asked often.
    """

    def __init__(self, port: int, pid: int) -> None:
        self.complaints: list[str] = []
        self.readiness: list[int] = []
        self._port = port
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """No more questions; also when none was ever asked."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def ask_once_more(self) -> None:
        """Before the host is told to go; not when no more questions are wanted."""
        if not self._stop.is_set():
            self._ask()

    def _run(self) -> None:
        while not self._stop.wait(
            INTERVAL_SECONDS if 200 in self.readiness else STARTING_INTERVAL_SECONDS
        ):
            self._ask()

    def _ask(self) -> None:
        start = time.monotonic()
        is_starting = 200 not in self.readiness
        try:
            health = request(self._port, "GET", "/healthz", timeout=MAX_SECONDS)
            if is_starting:
                ready = request(self._port, "GET", "/readyz", timeout=MAX_SECONDS)
        except (OSError, HTTPException) as error:
            if not self._stop.is_set():
                elapsed = time.monotonic() - start
                doing = threads(self._pid)
                self.complaints.append(
                    f"no health answer after {elapsed:.1f} s: {error!r}; {doing}"
                )
            return
        if health.status != 200:
            self.complaints.append(f"/healthz answered {health.status}")
        if is_starting and (not self.readiness or self.readiness[-1] != ready.status):
            self.readiness.append(ready.status)


def threads(pid: int) -> str:
    """What the threads of a process do, as the kernel sees it, with the load of the machine."""
    told = [_thread(task) for task in sorted(Path(f"/proc/{pid}/task").glob("*"))]
    return f"load {Path('/proc/loadavg').read_text().strip()}; threads: {', '.join(told)}"


def _thread(task: Path) -> str:
    try:
        _, _, rest = (task / "stat").read_text().rpartition(")")
        name, waits_in = ((task / part).read_text().strip() for part in ("comm", "wchan"))
    except OSError:
        return "one that has ended"
    return f"{name} {rest.split()[0]} {waits_in}"
