"""An event loop that stays awake while requests come thick and fast.

Waking a thread that sleeps on an idle core costs far more than handling a small request does, most
of all in virtual machines. So when the loop had to wait only a moment for its last event, it looks
for the next one for a moment before it lies down. An idle host sleeps as ever, and a host on a busy
machine yields the core to whoever has work to do.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import time

BRISK_SECONDS = 500e-6
"""An event that comes this soon makes it likely that the next will."""

LOOK_SECONDS = 300e-6
"""How long to stay awake for it."""

BUSY_SECONDS = 200e-6
"""How long a loop with work at hand asks for no more: to ask is much of a round's cost."""

Events = list[tuple[selectors.SelectorKey, int]]


class WakefulSelector(selectors.DefaultSelector):
    """The platform's selector, which now and then looks instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self._brisk = False
        self._asked = 0.0

    def select(self, timeout: float | None = None) -> Events:
        began = time.perf_counter()
        if timeout == 0 and began - self._asked < BUSY_SECONDS:
            return []
        self._asked = began
        if timeout is not None and timeout < LOOK_SECONDS:
            return super().select(timeout)
        if self._brisk:
            while time.perf_counter() - began < LOOK_SECONDS:
                if events := super().select(0):
                    return events
                os.sched_yield()
        events = super().select(timeout)
        self._brisk = time.perf_counter() - began < BRISK_SECONDS
        return events


def wakeful_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(WakefulSelector())
