"""What no answer may be, and what must be as it was before."""

import contextlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from support.host import Host
from support.loop_watch import MAX_MS, LoopWatch
from support.processes import resident_mb
from support.waiting import wait_until

from .wire import Exchange

LEGITIMATE = {
    501: [b"not_implemented", b"does not implement", b"extra_missing"],
    503: [b"queue_full", b"are waiting", b"in the queue of model", b"too_busy"],
    504: [b"timed_out"],
    505: [b"HTTP"],
}
"""Statuses from 500 on that are the request's own fault or the host's limits, by what says so."""

MAX_GROWTH_MB = 40.0
MAX_MORE_DESCRIPTORS = 16
"""Connections to the pages, and to the store, are kept for a while."""

_TROUBLE = re.compile(r"Traceback \(most|Task exception was never|Unclosed |internal error")


@dataclass
class Judge:
    """Collects what is wrong with answers.

    Attributes:
        host: who answers.
        found: what was wrong, by what was sent.
    """

    host: Host
    found: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, name: str, exchange: Exchange) -> None:
        """Judge what came back.

        Args:
            name: how the request can be found again.
            exchange: what came.
        """
        received = exchange.received
        wrong = [
            f"status {status}"
            for status in exchange.statuses
            if status >= 500 and not any(one in received for one in LEGITIMATE.get(status, []))
        ]
        if str(self.host.home).encode() in received:
            wrong.append("a path of the host's folders")
        if b"Traceback (most recent call last)" in received:
            wrong.append("a traceback")
        if wrong:
            with self._lock:
                self.found[name] = f"{', '.join(wrong)}: {received[:400]!r}"


@contextmanager
def as_before(host: Host, loop: LoopWatch) -> Iterator[Judge]:
    """The host is after this as it was before, and no answer was one that may not be."""
    process = psutil.Process(host.process.pid)
    log_size = len(host.log())
    descriptors = process.num_fds()
    most = descriptors + MAX_MORE_DESCRIPTORS
    memory_mb = resident_mb(process.pid)
    files = set(_temporary_files(host))
    loop.mark()
    judge = Judge(host)
    yield judge
    assert host.process.poll() is None, "the host has ended"
    host.settle()
    found = dict(judge.found)
    trouble = _TROUBLE.search(host.log(), log_size)
    if trouble:
        begin = host.log().rfind("\n", 0, trouble.start())
        found["log"] = host.log()[begin : begin + 3000]
    if loop.longest_ms() > MAX_MS:
        found["loop"] = str(loop.slow()[:5])
    with contextlib.suppress(AssertionError):
        wait_until(lambda: process.num_fds() <= most, "descriptors are as before", 20)
    if (now := process.num_fds()) > most:
        found["descriptors"] = f"{descriptors} before, {now} now"
    with contextlib.suppress(AssertionError):
        wait_until(lambda: set(_temporary_files(host)) <= files, "files are as before", 20)
    if left := set(_temporary_files(host)) - files:
        found["files"] = str(sorted(left)[:10])
    grown_mb = resident_mb(process.pid) - memory_mb
    if grown_mb > MAX_GROWTH_MB:
        found["memory"] = f"{grown_mb:.0f} MB more than before"
    told = "\n".join(f"{name}\n    -> {what}" for name, what in sorted(found.items()))
    assert not found, f"{len(found)} findings\n{told[:20_000]}"


def _temporary_files(host: Host) -> list[Path]:
    """Uploads and results; those of the pages' own processes end with these."""
    pages = {"try-me", "tensorboard"}
    return [path for path in host.temporary_files() if not pages & set(path.parts)]
