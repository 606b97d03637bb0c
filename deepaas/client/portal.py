"""An event loop in a separate thread, for programs without one."""

from __future__ import annotations

import asyncio
import os
import selectors
import threading
import weakref
from collections import deque
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
)
from concurrent.futures import CancelledError, wait
from contextlib import suppress
from selectors import SelectorKey
from typing import TYPE_CHECKING, Any, TypeVar

from deepaas.client.errors import ClientError

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

T = TypeVar("T")

__tracebackhide__ = True
"""Hides these frames in tracebacks of pytest."""

END_SECONDS = 5.0
"""How long an interrupted call or a closed connection may take to end."""


class Portal:
    """Runs coroutines for threads that wait for them.

    The thread is started by the first call, and ends with `close`, with the last reference to this,
    or with the interpreter; then `leave` is run in the loop.

    Attributes:
        leave: what to run at the end.
        notices: those of the host, to be added to in the loop; the thread that waits for a call
            passes them to `on_notice`, because a warning names the line of its thread.
    """

    def __init__(self, on_notice: Callable[[str], None]) -> None:
        self.leave: Callable[[], Awaitable[None]] = _nothing
        self.notices: deque[str] = deque()
        self._on_notice = on_notice
        # Reentrant: the garbage collector may end an iteration while this thread has the lock.
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: weakref.finalize[..., Portal] | None = None
        self._closed = False
        self._iterated: set[AsyncGenerator[Any, None]] = set()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine, which is cancelled on interruption; ClientError after `close`."""
        try:
            loop = self._running()
            ended = threading.Event()
        except BaseException:
            call.close()
            raise

        async def told() -> T:
            try:
                return await call
            finally:
                ended.set()

        future = asyncio.run_coroutine_threadsafe(told(), loop)
        try:
            try:
                return future.result()
            finally:
                with suppress(IndexError):
                    while True:
                        self._on_notice(self.notices.popleft())
        except CancelledError:
            raise ClientError("the client was closed during this call") from None
        except ClientError as error:
            # The internal traceback does not help callers.
            raise error.with_traceback(None) from None
        except BaseException:
            if not future.done():  # For example Ctrl-C: the connection is closed first.
                future.cancel()
                ended.wait(END_SECONDS)
            raise

    def iterate(self, items: AsyncGenerator[T, None]) -> Generator[T, None, None]:
        """The items of an asynchronous generator, which is closed with this one."""
        task: asyncio.Task[Any] | None = None

        async def following() -> list[T]:
            nonlocal task
            task = asyncio.current_task()
            async for item in items:
                return [item]
            return []

        async def leave() -> None:
            if task is not None and not task.done():
                # Ctrl-C arrived before the wait.
                task.cancel()
                await asyncio.wait((task,))
            await items.aclose()

        self._iterated.add(items)
        try:
            while found := self.run(following()):
                yield found[0]
        finally:
            if self._is_inside():
                # The last reference was dropped in the loop's thread, which cannot wait for itself.
                asyncio.run_coroutine_threadsafe(leave(), asyncio.get_running_loop())
            else:
                with suppress(ClientError):
                    self.run(leave())
            self._iterated.discard(items)

    def close(self) -> None:
        """End the thread; active calls are cancelled. Can be called twice."""
        self._closed = True
        with self._lock:
            if self._end is not None:
                self._end()

    def _is_inside(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def _running(self) -> asyncio.AbstractEventLoop:
        # Checked before the lock, which another thread may have held during the fork.
        if os.getpid() != self._process:
            raise ClientError(
                "this client was created in another process, before a fork: create a new one in "
                "this process"
            )
        with self._lock:
            # It also ends shortly before the interpreter.
            if self._closed or (self._end is not None and not self._end.alive):
                raise ClientError("this client is closed")
            if self._loop is None:
                self._loop = _new_loop()
                thread = threading.Thread(
                    target=_serve, args=(self._loop,), name="deepaas-client", daemon=True
                )
                thread.start()
                # Also runs at the end of the interpreter.
                self._end = weakref.finalize(
                    self, _end, self._loop, thread, self._iterated, self.leave, self._process
                )
            return self._loop


class _OwnSelector(selectors.DefaultSelector):
    """Does nothing in a forked process, which shares the kernel's list with its parent.

    Otherwise objects that are garbage-collected in the child would remove the parent's sockets.
    """

    def __init__(self) -> None:
        super().__init__()
        self._process = os.getpid()

    def modify(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> SelectorKey:
        if os.getpid() != self._process:
            return self.get_key(fileobj)
        return super().modify(fileobj, events, data)

    def unregister(self, fileobj: FileDescriptorLike) -> SelectorKey:
        if os.getpid() != self._process:
            return self.get_key(fileobj)
        return super().unregister(fileobj)


async def _nothing() -> None:
    """Nothing to close."""


def _new_loop() -> asyncio.AbstractEventLoop:
    process = os.getpid()

    def complain(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if os.getpid() == process:  # Not in a child, which need not close its parent's objects.
            loop.default_exception_handler(context)

    loop = asyncio.SelectorEventLoop(_OwnSelector())
    loop.set_exception_handler(complain)
    return loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


def _end(
    loop: asyncio.AbstractEventLoop,
    thread: threading.Thread,
    iterated: set[AsyncGenerator[Any, None]],
    leave: Callable[[], Awaitable[None]],
    process: int,
) -> None:
    if os.getpid() != process or not thread.is_alive():
        return  # The thread only exists in the parent process.

    async def end() -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # Before the loop closes all generators at once: these close inner ones in order.
        await asyncio.gather(*(items.aclose() for items in iterated), return_exceptions=True)
        await leave()
        await loop.shutdown_asyncgens()

    ending = asyncio.run_coroutine_threadsafe(end(), loop)
    if threading.current_thread() is thread:
        # The last reference was dropped in the loop's thread, which cannot wait for itself.
        ending.add_done_callback(lambda _: loop.call_soon_threadsafe(loop.stop))
        return
    wait([ending], END_SECONDS)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(END_SECONDS)
