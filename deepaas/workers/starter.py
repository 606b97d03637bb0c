"""Starts the workers of one model."""

from __future__ import annotations

import asyncio
import logging

from deepaas.executor import CannotStart, Executor, Needs
from deepaas.workers.slot import Slot
from deepaas.workers.worker import Worker, WorkerKeeper, WorkerState

_log = logging.getLogger(__name__)


class Starter:
    """Starts workers, and ends those that are not ready in time.

    Args:
        executor: runs them.
        needs: of each.
        warm_seconds: longest time from start to ready, 0 for no limit.
    """

    def __init__(self, executor: Executor, needs: Needs, warm_seconds: float) -> None:
        self._executor = executor
        self._needs = needs
        self._name = needs.source.name
        self._warm_seconds = warm_seconds
        self._opening: set[asyncio.Task[None]] = set()

    def start(self, number: int, keeper: WorkerKeeper) -> Worker:
        """Start a worker; it is not loaded yet when this returns.

        Args:
            number: of the replica.
            keeper: who is told of it.

        Raises:
            CannotStart: there is no room for another process, say.
        """
        label = f"{self._name}/{'check' if self._needs.checking else number}"
        worker = Worker(self._executor, self._needs, label, keeper)
        loop = asyncio.get_running_loop()
        opening = loop.create_task(worker.open())
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        if self._warm_seconds:
            loop.call_later(self._warm_seconds, self._end_unready, worker)
        return worker

    async def fill(self, slot: Slot, delay_seconds: float, keeper: WorkerKeeper) -> None:
        """Start a worker in an empty slot, as soon as there is room for it.

        Args:
            slot: that of the replica; nothing is done if it is meant for somebody else by then.
            delay_seconds: how long to wait before.
            keeper: who is told of the worker.
        """
        while True:
            await asyncio.sleep(delay_seconds)
            if slot.worker is not None or slot.reserved:
                return
            try:
                slot.worker = self.start(slot.number, keeper)
                return
            except CannotStart as error:
                slot.failures_count += 1
                delay_seconds = slot.delay_seconds()
                _log.error(
                    "[%s/%s] no process can be started: %s; next attempt in %g s",
                    self._name,
                    slot.number,
                    error,
                    delay_seconds,
                )

    def _end_unready(self, worker: Worker) -> None:
        if worker.state in (WorkerState.LOADING, WorkerState.WARMING):
            worker.kill(f"was not ready within {self._warm_seconds:g} s")
