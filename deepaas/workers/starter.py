"""Starts the workers of one model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from deepaas.executor import CannotStart, Executor, Needs
from deepaas.workers.numbers import EndReason
from deepaas.workers.slot import Slot
from deepaas.workers.worker import Worker, WorkerKeeper, WorkerState

_log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""After so long the log says that a model is still being loaded, and again after twice as long,"""

LONGEST_PATIENCE_SECONDS = 60.0
"""but at least this often."""


Variables = Callable[[int], Mapping[str, str]]
"""Environment variables of the worker with this number."""


def no_variables(_number: int) -> Mapping[str, str]:
    return {}


class Starter:
    """`warm_seconds` is the longest time from start to ready, 0 for no limit."""

    def __init__(
        self,
        executor: Executor,
        needs: Needs,
        warm_seconds: float,
        variables: Variables = no_variables,
    ) -> None:
        self._executor = executor
        self._needs = needs
        self._variables = variables
        self._name = needs.source.name
        self._warm_seconds = warm_seconds
        self._opening: set[asyncio.Task[None]] = set()

    def start(self, number: int, keeper: WorkerKeeper) -> Worker:
        """Start a worker without waiting for it; ``CannotStart``, for example without room."""
        label = f"{self._name}/{'check' if self._needs.checking else number}"
        needs = replace(self._needs, variables=self._variables(number))
        worker = Worker(self._executor, needs, label, keeper)
        loop = asyncio.get_running_loop()
        opening = loop.create_task(worker.open())
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        loop.call_later(PATIENCE_SECONDS, self._tell_loading, worker, PATIENCE_SECONDS)
        if self._warm_seconds:
            loop.call_later(self._warm_seconds, self._end_unready, worker)
        return worker

    async def fill(self, slot: Slot, delay_seconds: float, keeper: WorkerKeeper) -> None:
        """Start a worker as soon as possible, unless the slot is filled, reserved or removed."""
        while True:
            await asyncio.sleep(delay_seconds)
            if slot.worker is not None or slot.reserved or slot.removed:
                return
            try:
                slot.worker = self.start(slot.number, keeper)
                return
            except CannotStart as error:
                slot.failures_count += 1
                delay_seconds = slot.delay_seconds()
                _log.error(
                    "[%s/%s] cannot start a process: %s; retrying in %g s",
                    self._name,
                    slot.number,
                    error,
                    delay_seconds,
                )

    def _tell_loading(self, worker: Worker, seconds: float) -> None:
        doing = {WorkerState.LOADING: "loading", WorkerState.WARMING: "warming up"}
        if worker.state not in doing:
            return
        _log.info("[%s] still %s, %g s", worker.label, doing[worker.state], seconds)
        pause = min(seconds, LONGEST_PATIENCE_SECONDS)
        loop = asyncio.get_running_loop()
        loop.call_later(pause, self._tell_loading, worker, seconds + pause)

    def _end_unready(self, worker: Worker) -> None:
        if worker.state in (WorkerState.LOADING, WorkerState.WARMING):
            why = f"was not ready within {self._warm_seconds:g} s"
            worker.kill(why, EndReason.START_TIMED_OUT)
