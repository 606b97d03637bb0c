"""Answers of the host that several visitors want at the same time, asked for once."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

KEPT_COUNT = 64
FAILED_SECONDS = 5.0
"""What could not be had is asked for again after so many seconds at the latest."""

PAUSE_FACTOR = 5.0
"""A host that needs a second for an answer is left in peace for so many."""

Answer = TypeVar("Answer")


class Recent:
    """Keeps the last answers for a while; the clock tells seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    async def get(
        self, key: Hashable, seconds: float, ask: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """An answer to ``key``, asked for now or at most so many seconds ago. So are failures."""
        entry = self._entries.get(key)
        if entry is None or not entry.is_recent(seconds):
            self._entries[key] = entry = _Entry(asyncio.ensure_future(ask()), self._clock)
        self._entries.move_to_end(key)
        while len(self._entries) > KEPT_COUNT:
            self._entries.popitem(last=False)
        # Shielded: others wait for it as well.
        answer: Answer = await asyncio.shield(entry.future)
        return answer

    def forget(self) -> None:
        """Ask anew for all that is asked for from now on."""
        self._entries.clear()


class _Entry:
    def __init__(self, future: asyncio.Future[Any], clock: Callable[[], float]) -> None:
        self.future = future
        self._clock = clock
        self._begun = clock()
        self._took_seconds = 0.0
        future.add_done_callback(self._end)

    def is_recent(self, seconds: float) -> bool:
        if not self.future.done():
            return True
        if self.future.cancelled() or self.future.exception() is not None:
            seconds = min(seconds, FAILED_SECONDS)
        return self._clock() < self._begun + max(seconds, PAUSE_FACTOR * self._took_seconds)

    def _end(self, future: asyncio.Future[Any]) -> None:
        self._took_seconds = self._clock() - self._begun
        if not future.cancelled():
            future.exception()  # Nobody may be waiting for it any more.
