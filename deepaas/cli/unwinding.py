"""An event loop that an exception has left in the middle of its work."""

from __future__ import annotations

import asyncio


def unwind(loop: asyncio.AbstractEventLoop) -> None:
    """Have what goes on there tidy up: Ctrl-C ends the loop before that has noticed anything."""
    loop.run_until_complete(_ended(asyncio.all_tasks(loop)))


async def _ended(tasks: set[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # Generators that somebody has dropped are closed by tasks that the loop begins meanwhile.
    await asyncio.sleep(0)
    closing = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*closing, return_exceptions=True)
