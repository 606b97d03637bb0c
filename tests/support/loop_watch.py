"""Watches the event loop of a real host: how much CPU time each of its callbacks takes.

It counts CPU time of the loop's thread, not time on the clock, since the machines are shared. It
is put into the host from outside, as a `sitecustomize` on its `PYTHONPATH`.

    with watched_host(["echo"]) as (host, loop):
        loop.mark()
        ...
        assert loop.longest_ms() < MAX_MS, loop.slow()
"""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .host import Host, start_host

MAX_MS = 50.0
"""No callback of the host's loop may take more."""

NOTED_MS = 5.0

_INSIDE = """
import sys

# Workers and companions have the same PYTHONPATH; they are none of our business.
if any(one.endswith("deepaas-run") for one in sys.orig_argv[:3]):
    import asyncio.base_events
    import asyncio.events
    import json
    import threading
    import time

    import uvloop

    # Its callbacks cannot be watched; those of asyncio's own loop are the same.
    uvloop.new_event_loop = asyncio.SelectorEventLoop
    run = asyncio.events.Handle._run

    def watched(handle):
        began = time.thread_time()
        run(handle)
        spent_ms = (time.thread_time() - began) * 1000
        if spent_ms > {noted_ms} and threading.current_thread() is threading.main_thread():
            what = asyncio.base_events._format_handle(handle)
            if "coro=<_serve()" in what:
                return  # Its own start, and its end.
            with open({report!r}, "a") as report:
                report.write(json.dumps([spent_ms, what[:1000]]) + "\\n")

    asyncio.events.Handle._run = watched
"""


@dataclass
class LoopWatch:
    """What was seen of a loop.

    Attributes:
        report: where the host notes each callback of more than `NOTED_MS`.
    """

    report: Path
    _seen: int = 0

    def mark(self) -> None:
        """Count from now on: a host that starts imports what it needs."""
        self._seen = len(self._lines())

    def slow(self) -> list[tuple[float, str]]:
        """The callbacks since the mark that took more than `NOTED_MS`, the longest first."""
        lines = self._lines()[self._seen :]
        return sorted(((float(ms), str(what)) for ms, what in map(json.loads, lines)), reverse=True)

    def longest_ms(self) -> float:
        """CPU time of the longest callback since the mark, 0 if none was noted."""
        return max((ms for ms, _ in self.slow()), default=0.0)

    def _lines(self) -> list[str]:
        return self.report.read_text().splitlines() if self.report.exists() else []


@contextmanager
def watched_host(
    models: Iterable[str],
    *options: str,
    packages: Path | None = None,
    noted_ms: float = NOTED_MS,
    **more: Any,
) -> Iterator[tuple[Host, LoopWatch]]:
    """A host whose loop is watched from when it is ready on.

    Args:
        models: as for `start_host`.
        options: the same.
        packages: a folder to import models from; it must have no `sitecustomize`.
        noted_ms: callbacks that take more are noted.
        more: what else `start_host` takes.
    """
    folder = Path(tempfile.mkdtemp(prefix="deepaas-test-watch-"))
    watch = LoopWatch(folder / "slow")
    inside = _INSIDE.format(report=str(watch.report), noted_ms=noted_ms)
    (folder / "sitecustomize.py").write_text(inside)
    found = folder if packages is None else Path(f"{folder}:{packages}")
    try:
        with start_host(models, *options, packages=found, **more) as host:
            watch.mark()
            yield host, watch
    finally:
        shutil.rmtree(folder, ignore_errors=True)
