"""Detects workers that do not respond, and replaces them.

All threads of a worker may be blocked: by compiled code that holds the interpreter lock, or because
the process was stopped. During a call that may be normal, and calls have their own timeout. Idle
workers must respond.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from deepaas.errors import ModelUnavailable
from deepaas.messages import AskLife, Life
from deepaas.workers.numbers import EndReason
from deepaas.workers.slot import Slots
from deepaas.workers.worker import Worker, WorkerState

LOOK_SECONDS = 5.0

SILENT_SECONDS = 2.0
"""A worker that does not respond for this time gets no calls,"""

LIFE_SECONDS = 15.0
"""and after this additional time it is stopped."""


async def watch_over(slots: Slots, serve: Callable[[Worker], None]) -> None:
    """`serve` is called with a worker that responds again."""
    asked: dict[Worker, asyncio.Task[None]] = {}
    try:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            asked = {worker: task for worker, task in asked.items() if not task.done()}
            for worker in slots.workers():
                # In separate tasks, because a silent worker must not delay the others.
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
            return  # It may be busy with a call that it has received meanwhile.
        worker.silent = True
        await asyncio.wait([answer], timeout=LIFE_SECONDS)
        if answer.done():
            worker.silent = False
            serve(worker)
        else:
            seconds = SILENT_SECONDS + LIFE_SECONDS
            why = f"was stopped: it did not respond for {seconds:g} s while idle"
            worker.kill(why, EndReason.UNRESPONSIVE)
    finally:
        answer.cancel()
        with contextlib.suppress(ModelUnavailable, asyncio.CancelledError):
            await answer
