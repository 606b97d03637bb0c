"""SQLAlchemy's engine and connections for the event loop.

Like those of ``sqlalchemy.ext.asyncio``, which cannot be imported without SQLAlchemy's ORM: that
takes 6 MB of memory, and the host does not use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, Executable, ScalarResult
from sqlalchemy.util import greenlet_spawn

if TYPE_CHECKING:
    from typing_extensions import Unpack

P = ParamSpec("P")
T = TypeVar("T")


class StoreConnection:
    """Runs statements; their rows are read completely before they are returned."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable) -> CursorResult[Unpack[tuple[Any, ...]]]:
        return await greenlet_spawn(self._connection.execute, statement)

    async def scalar(self, statement: Executable) -> Any:
        """The first column of the first row, None if there is no row."""
        return await greenlet_spawn(self._connection.scalar, statement)

    async def scalars(self, statement: Executable) -> ScalarResult[Any]:
        """The first column of each row."""
        return await greenlet_spawn(self._connection.scalars, statement)

    async def run_sync(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function that uses the connection in the ordinary way of SQLAlchemy."""
        return await greenlet_spawn(functools.partial(work, self._connection, *args, **kwargs))


@contextlib.asynccontextmanager
async def connected(engine: Engine) -> AsyncIterator[StoreConnection]:
    """A connection of the pool; what is not committed at the end is rolled back."""
    connection = await greenlet_spawn(engine.connect)
    try:
        yield StoreConnection(connection)
    finally:
        await _completed(greenlet_spawn(connection.close))


@contextlib.asynccontextmanager
async def transaction(engine: Engine) -> AsyncIterator[StoreConnection]:
    """A connection with a transaction, committed at the end unless there is an exception."""
    async with connected(engine) as connection:
        begun = await connection.run_sync(Connection.begin)
        try:
            yield connection
        except BaseException:
            await greenlet_spawn(begun.__exit__, *sys.exc_info())
            raise
        await greenlet_spawn(begun.__exit__, None, None, None)


async def dispose(engine: Engine) -> None:
    """Close the connections of the pool."""
    await greenlet_spawn(engine.dispose)


async def _completed(closing: Coroutine[Any, Any, None]) -> None:
    """Wait for it even if the caller is cancelled, so that nothing goes on after its end."""
    task = asyncio.ensure_future(closing)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:  # noqa: PERF203
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()
