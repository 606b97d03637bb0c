"""Keeps the event loop from sleeping while requests arrive in quick succession.

Waking a thread that sleeps on an idle core takes far longer than handling a small request, above
all in virtual machines. So if two requests come soon after each other, the loop polls for a moment
before it sleeps. An idle host sleeps as usual, and on a busy machine the loop yields the core to
other threads.
"""

from __future__ import annotations

import asyncio
import math
import os
import time

BRISK_SECONDS = 500e-6
"""If a request comes this soon after the last, the next one probably does, too."""

LOOK_SECONDS = 300e-6
"""How long to poll for it, and for the response of the model."""


class Awake:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heard = -math.inf
        self._until = 0.0
        self._polls = False

    def hear(self) -> None:
        """Data of a client has arrived."""
        now = time.perf_counter()
        if now - self._heard < BRISK_SECONDS:
            self._until = now + LOOK_SECONDS
            if not self._polls:
                self._polls = True
                self._loop.call_soon(self._poll)
        self._heard = now

    def _poll(self) -> None:
        # A loop with a step to take polls for events without waiting.
        if time.perf_counter() < self._until:
            os.sched_yield()
            self._loop.call_soon(self._poll)
        else:
            self._polls = False
