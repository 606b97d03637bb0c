"""Cleans up an event loop that an exception has interrupted."""

from __future__ import annotations

import asyncio


def unwind(loop: asyncio.AbstractEventLoop) -> None:
    """Let its tasks clean up: Ctrl-C ends the loop before they notice."""
    loop.run_until_complete(_ended(asyncio.all_tasks(loop)))


async def _ended(tasks: set[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # The loop starts tasks that close abandoned generators.
    await asyncio.sleep(0)
    closing = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*closing, return_exceptions=True)
