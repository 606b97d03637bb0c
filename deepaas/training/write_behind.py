"""Writes to the store in the background, and retries while it is unavailable."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from deepaas.errors import StorageFull, StoreUnavailable

_log = logging.getLogger(__name__)

WAIT_SECONDS = 5.0
"""How long a request waits for the store; after that, the next ones do not wait."""

RETRY_SECONDS = 2.0


async def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Looks:
    """When to run without news: after the last news (soon), and after the last run (idle)."""

    soon_seconds: float
    idle_seconds: float


class WriteBehind:
    """Writes in batches. Must be closed if it was started.

    `write` raises ``StoreUnavailable`` or ``StorageFull``; `what` and `meanwhile` are for the log:
    what is written, and what happens until then; `afterwards` runs when waiters are notified.
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
        """Wait until something is written, for a limited time and while the store is available."""
        try:
            await asyncio.wait_for(self._until(is_written), WAIT_SECONDS)
        except asyncio.TimeoutError:
            self.is_away = True

    async def close(self, is_written: Callable[[], bool], *, once_more: bool = False) -> None:
        """Stop after a last attempt to write (`once_more`: even if the store was unavailable)."""
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
                _log.error("%s; until then, %s", error, self._meanwhile)
            self.is_away = True
        except Exception:
            _log.exception("cannot write %s to the database", self._what)
            self.is_away = True
        else:
            self.is_away = False
        return not self.is_away

    def _wake_waiting(self) -> None:
        # Tasks that wait have the old event; later ones wait for the new one.
        self._tried.set()
        self._tried = asyncio.Event()
