"""Writes into the store while work goes on, and again and again while the store is away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from deepaas.errors import StorageFull, StoreUnavailable

_log = logging.getLogger(__name__)

WAIT_SECONDS = 5.0
"""So long somebody waits for the store; then the next ones do not."""

RETRY_SECONDS = 2.0


async def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Looks:
    """When to look without news, too: after the last news (soon), after the last look (idle)."""

    soon_seconds: float
    idle_seconds: float


class WriteBehind:
    """Writes what comes, together what comes together. Must be closed if it was started.

    `write` raises ``StoreUnavailable`` or ``StorageFull``; `what` is written, and what becomes of
    it `meanwhile`, are for the log; `afterwards` is done when those who wait know.
    """

    def __init__(
        self,
        write: Callable[[], Awaitable[None]],
        *,
        what: str,
        meanwhile: str,
        afterwards: Callable[[], Awaitable[None]] = _nothing,
        looks: Looks | None = None,
    ) -> None:
        self._write = write
        self._what = what
        self._meanwhile = meanwhile
        self._afterwards = afterwards
        self._looks = looks
        self.is_away = False
        self._news = asyncio.Event()
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    def wake(self) -> None:
        self._news.set()

    async def until(self, is_written: Callable[[], bool]) -> None:
        """Wait until something is in the store, but not for long, and not while it is away."""
        try:
            await asyncio.wait_for(self._until(is_written), WAIT_SECONDS)
        except asyncio.TimeoutError:
            self.is_away = True

    async def close(self, is_written: Callable[[], bool], *, once_more: bool = False) -> None:
        """Stop when nothing is left, or that was tried (`once_more`: even if it was away)."""
        if self._task is None:
            return
        if once_more:
            self.is_away = False
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._until(is_written), WAIT_SECONDS)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _until(self, is_written: Callable[[], bool]) -> None:
        while not (is_written() or self.is_away):
            await self._tried.wait()

    async def _run(self) -> None:
        pause_seconds = self._looks.soon_seconds if self._looks else None
        while True:
            idle = False
            try:
                await asyncio.wait_for(self._news.wait(), pause_seconds)
            except asyncio.TimeoutError:
                idle = True
            if self._looks is not None:
                pause_seconds = self._looks.idle_seconds if idle else self._looks.soon_seconds
            self._news.clear()
            if await self._has_written():
                self._wake_waiting()
                await self._afterwards()
            else:
                self._wake_waiting()
                await asyncio.sleep(RETRY_SECONDS)
                self._news.set()

    async def _has_written(self) -> bool:
        try:
            await self._write()
        except (StoreUnavailable, StorageFull) as error:
            if not self.is_away:
                _log.error("%s; %s meanwhile", error, self._meanwhile)
            self.is_away = True
        except Exception:
            _log.exception("%s cannot be kept in the store", self._what)
            self.is_away = True
        else:
            self.is_away = False
        return not self.is_away

    def _wake_waiting(self) -> None:
        # Whoever waits has the event from before; whoever looks from now on waits for the next.
        self._tried.set()
        self._tried = asyncio.Event()
