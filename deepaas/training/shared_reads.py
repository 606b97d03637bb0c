"""Reads rows for many at once: all that wait get theirs with one query.

Each watcher of a run asks for its state several times a second. With a query each, a thousand of
them would keep all connections to the database busy, also those that the host needs to live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from itertools import islice
from typing import Generic, TypeVar

Row = TypeVar("Row")

MAX_COUNT = 500
"""How many are read with one query: all rows are converted at once, on the event loop."""


class SharedReads(Generic[Row]):
    """``read`` returns those of the given keys that exist."""

    def __init__(self, read: Callable[[Sequence[str]], Awaitable[Mapping[str, Row]]]) -> None:
        self._read = read
        self._waiting: dict[str, asyncio.Future[Row | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: str) -> Row | None:
        """The row as it is now or later, never as it was before the call; None without one.

        Raises what ``read`` raises.
        """
        # Those whose query has begun are no longer in it: they may miss the latest change.
        found = self._waiting.get(key)
        if found is None:
            found = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._reading is None:
            # Not in the context of one of the requests that it reads for.
            loop = asyncio.get_running_loop()
            self._reading = Context().run(loop.create_task, self._read_all())
        # Others may wait for the same one when this caller is cancelled.
        return await asyncio.shield(found)

    async def close(self) -> None:
        """Wait for the last ones."""
        if self._reading is not None:
            await asyncio.wait([self._reading])

    async def _read_all(self) -> None:
        try:
            while self._waiting:
                keys = [*islice(self._waiting, MAX_COUNT)]
                futures = {key: self._waiting.pop(key) for key in keys}
                try:
                    rows = await self._read(keys)
                except Exception as error:
                    for one in futures.values():
                        one.set_exception(error)
                        one.exception()  # Perhaps nobody waits any more.
                else:
                    for key, one in futures.items():
                        one.set_result(rows.get(key))
        finally:
            self._reading = None
