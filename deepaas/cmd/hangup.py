"""What SIGHUP does: read again what operators replace while the host runs."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence

from deepaas.cmd.supervisor import Supervisor

_log = logging.getLogger("deepaas")

Step = Callable[[], Awaitable[None]]


def on_hangup(steps: Sequence[Step], supervisor: Supervisor) -> None:
    """Run the steps for each SIGHUP, one after the other.

    On a terminal, it is the signal of a closed window, and ends the host as before.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        return
    turn = asyncio.Lock()
    running: set[asyncio.Task[None]] = set()

    async def run() -> None:
        async with turn:
            supervisor.reloading()
            for step in steps:
                try:
                    await step()
                except Exception:  # noqa: PERF203
                    _log.exception("SIGHUP: a step failed")
            supervisor.ready()
            _log.info("SIGHUP: done")

    def begin() -> None:
        task = asyncio.ensure_future(run())
        running.add(task)
        task.add_done_callback(running.discard)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, begin)
