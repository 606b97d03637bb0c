"""Looks at the load of a model regularly, and changes the number of its replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from deepaas.workers.scaling import Load, Scaling

LOOK_SECONDS = 0.25


async def keep_scaled(
    scaling: Scaling, load: Callable[[], Load], resize: Callable[[int], None]
) -> None:
    """Until cancelled. ``resize`` is called with the number each time, because it may be unable to
    stop replicas that are busy."""
    clock = asyncio.get_running_loop().time
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        resize(scaling.look(clock(), load()))
