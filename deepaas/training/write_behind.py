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
    """When to look without news, too.

    Attributes:
        soon_seconds: after the last news.
        idle_seconds: after the last look.
    """

    soon_seconds: float
    idle_seconds: float


class WriteBehind:
    """Writes what comes, together what comes together. Must be closed if it was started.

    Attributes:
        is_away: whether the store has not answered when it was last asked.

    Args:
        write: writes all that there is; it raises ``StoreUnavailable`` or ``StorageFull``.
        what: is written, for the log.
        meanwhile: what becomes of it while the store is away, for the log.
        afterwards: is done when all has been written and those who wait know.
        looks: when that is to be done without news, too; None for never.
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
        """Begin."""
        self._task = asyncio.ensure_future(self._run())

    def wake(self) -> None:
        """There is something to write."""
        self._news.set()

    async def until(self, is_written: Callable[[], bool]) -> None:
        """Wait until something is in the store, but not for long, and not while it is away."""
        try:
            await asyncio.wait_for(self._until(is_written), WAIT_SECONDS)
        except asyncio.TimeoutError:
            self.is_away = True

    async def close(self, is_written: Callable[[], bool], *, once_more: bool = False) -> None:
        """Stop, when the last is written or that has been tried.

        Args:
            is_written: whether nothing is left.
            once_more: also try it if the store was away.
        """
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
