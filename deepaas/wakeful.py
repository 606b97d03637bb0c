"""An event loop that polls for a moment while requests arrive in quick succession.

Waking a thread that sleeps on an idle core takes far longer than handling a small request, above
all in virtual machines. So if the last event came soon, the loop polls for the next one for a
moment before it sleeps. An idle host sleeps as usual, and on a busy machine the loop yields the
core to other threads.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import time
from collections import deque

BRISK_SECONDS = 500e-6
"""If an event comes this soon, the next one probably does, too."""

LOOK_SECONDS = 300e-6
"""How long to poll for it."""

BUSY_SECONDS = 200e-6
"""How long a loop with work at hand asks for no more: to ask costs more than many a step does."""

Events = list[tuple[selectors.SelectorKey, int]]


class WakefulSelector(selectors.DefaultSelector):
    """The platform's selector, which sometimes polls instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self._brisk = False

    def select(self, timeout: float | None = None) -> Events:
        if timeout is not None and timeout < LOOK_SECONDS:
            return super().select(timeout)
        began = time.perf_counter()
        if self._brisk:
            while time.perf_counter() - began < LOOK_SECONDS:
                if events := super().select(0):
                    return events
                os.sched_yield()
        events = super().select(timeout)
        self._brisk = time.perf_counter() - began < BRISK_SECONDS
        return events


class WakefulLoop(asyncio.SelectorEventLoop):
    """Runs what has become ready at once: a request is a chain of such steps."""

    _ready: deque[asyncio.Handle]
    _stopping: bool

    def __init__(self) -> None:
        super().__init__(WakefulSelector())

    def _run_once(self) -> None:
        super()._run_once()  # type: ignore[misc]
        if not self._ready or self.get_debug():
            return
        until = time.perf_counter() + BUSY_SECONDS
        while self._ready and not self._stopping and time.perf_counter() < until:
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()
