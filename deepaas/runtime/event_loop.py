"""The event loop of a model's asynchronous code."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import traceback
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop whose threads know for which call they work, as its tasks do."""
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_InContext(thread_name_prefix="asyncio"))
    return loop


def lasting(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """Do some work to its end, whatever the model's other tasks do to the loop: one that raises
    SystemExit or KeyboardInterrupt ends it, as asyncio has it."""
    task = loop.create_task(work)
    while True:
        try:
            return loop.run_until_complete(task)
        except (SystemExit, KeyboardInterrupt):  # noqa: PERF203
            if task.done():
                raise
            print("[a task of the model wanted to end its process]", file=sys.stderr)
            traceback.print_exc()
        except RuntimeError:
            if task.done() or loop.is_closed():
                raise
            # The model has called loop.stop().


class _InContext(ThreadPoolExecutor):
    """Runs functions in the context of whoever wants them done, as ``asyncio.to_thread`` does."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        context = contextvars.copy_context()
        return super().submit(context.run, fn, *args, **kwargs)
