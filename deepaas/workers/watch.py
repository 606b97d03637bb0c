"""Workers that do not answer any more are found, and replaced.

Something in the process of a model may keep every thread of it from running: compiled code that
does not let go of the interpreter's lock, or a process that was stopped. While a call is worked
on that may be as it should be, and has its own time limit. Who has nothing to do answers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from deepaas.errors import ModelUnavailable
from deepaas.messages import AskLife, Life
from deepaas.workers.slot import Slots
from deepaas.workers.worker import Worker, WorkerState

LOOK_SECONDS = 5.0

SILENT_SECONDS = 2.0
"""Who has not answered for so long is given no calls,"""

LIFE_SECONDS = 15.0
"""and for so long after that is ended."""


async def watch_over(slots: Slots, serve: Callable[[Worker], None]) -> None:
    """`serve` is told of a worker that answers again."""
    asked: dict[Worker, asyncio.Task[None]] = {}
    try:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            asked = {worker: task for worker, task in asked.items() if not task.done()}
            for worker in slots.workers():
                # One that keeps silent takes long: the others are not to wait for it.
                if worker.state is WorkerState.READY and not worker.calls and worker not in asked:
                    asked[worker] = asyncio.create_task(_ask(worker, serve))
    finally:
        for task in asked.values():
            task.cancel()
        await asyncio.gather(*asked.values(), return_exceptions=True)


async def _ask(worker: Worker, serve: Callable[[Worker], None]) -> None:
    answer = asyncio.ensure_future(worker.ask(AskLife, Life))
    try:
        await asyncio.wait([answer], timeout=SILENT_SECONDS)
        if answer.done() or worker.calls:
            return  # What it was given meanwhile may be what it is busy with.
        worker.silent = True
        await asyncio.wait([answer], timeout=LIFE_SECONDS)
        if answer.done():
            worker.silent = False
            serve(worker)
        else:
            seconds = SILENT_SECONDS + LIFE_SECONDS
            worker.kill(
                f"was ended: it did not answer for {seconds:g} s, although it had nothing to do"
            )
    finally:
        answer.cancel()
        with contextlib.suppress(ModelUnavailable, asyncio.CancelledError):
            await answer
