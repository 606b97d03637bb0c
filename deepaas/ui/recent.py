"""Caches responses of the host that several users need at the same time."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

KEPT_COUNT = 64
FAILED_SECONDS = 5.0
"""A failed request is repeated after this time at the latest."""

PAUSE_FACTOR = 5.0
"""After a response that took one second, the next request is at least this many seconds later."""

Answer = TypeVar("Answer")


class Recent:
    """Keeps the latest responses for some time; the clock returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    async def get(
        self, key: Hashable, seconds: float, ask: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Return the response or failure for ``key``, requested at most ``seconds`` ago."""
        entry = self._entries.get(key)
        if entry is None or not entry.is_recent(seconds):
            self._entries[key] = entry = _Entry(asyncio.ensure_future(ask()), self._clock)
        self._entries.move_to_end(key)
        while len(self._entries) > KEPT_COUNT:
            self._entries.popitem(last=False)
        # Shielded because others may wait for it too.
        answer: Answer = await asyncio.shield(entry.future)
        return answer

    def forget(self) -> None:
        """Forget all responses."""
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
            future.exception()  # There may be no waiter left to retrieve it.
