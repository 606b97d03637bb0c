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
    """A loop whose threads inherit the context of a call, like its tasks."""
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_InContext(thread_name_prefix="asyncio"))
    return loop


def lasting(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end, even if another task of the model stops the loop: asyncio does so if
    it raises SystemExit or KeyboardInterrupt."""
    task = loop.create_task(work)
    while True:
        try:
            return loop.run_until_complete(task)
        except (SystemExit, KeyboardInterrupt):  # noqa: PERF203
            if task.done():
                raise
            print("[a task of the model tried to exit the process]", file=sys.stderr)
            traceback.print_exc()
        except RuntimeError:
            if task.done() or loop.is_closed():
                raise
            # The model has called loop.stop().


class _InContext(ThreadPoolExecutor):
    """Runs functions in the context of the caller, like ``asyncio.to_thread``."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        context = contextvars.copy_context()
        return super().submit(context.run, fn, *args, **kwargs)
