"""Replaces the workers of a model in use after a change of its code."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence

from deepaas.executor import CannotStart
from deepaas.messages import Description, Reply
from deepaas.workers.call import Call
from deepaas.workers.starter import Starter
from deepaas.workers.worker import Worker, WorkerState

_log = logging.getLogger(__name__)

DEATHS_COUNT = 3
"""A worker that dies is restarted; after this many deaths of a replica, the swap fails."""


IsCurrent = Callable[[], Awaitable[bool]]
"""Whether ready workers have loaded the current code; if not, another swap is started."""


class Swap:
    """Starts a full set of workers and activates them when all are ready.

    If the model fails to load or warm up, the new workers are stopped. If the code has changed
    again, they are kept until they are abandoned.
    """

    def __init__(
        self,
        name: str,
        starter: Starter,
        numbers: Iterable[int],
        is_current: IsCurrent,
        done: Callable[[Sequence[Worker], Description], None],
        failed: Callable[[str, str], None],
    ) -> None:
        self._name = name
        self._starter = starter
        self._is_current = is_current
        self._done = done
        self._failed = failed
        self._description: Description | None = None
        self._deaths: Counter[int] = Counter()
        self._over = False
        self._question: asyncio.Future[None] | None = None
        self._workers: dict[int, Worker] = {}
        self._leaving: set[Worker] = set()
        for number in numbers:
            if not self._over:
                self._start(number)

    def abandon(self) -> None:
        if self._over:
            return
        self._over = True
        if self._question is not None:
            self._question.cancel()
        for worker in self._workers.values():
            if worker.state is not WorkerState.ENDED:
                self._leaving.add(worker)
                worker.kill("was stopped: its code is outdated")

    async def stop(self) -> None:
        self.abandon()
        await asyncio.gather(*(worker.stop() for worker in self._leaving))

    # --- called by the workers (workers.worker.WorkerKeeper) ---

    def loaded(self, worker: Worker, description: Description) -> None:  # noqa: ARG002
        self._description = description

    def ready(self, worker: Worker) -> None:  # noqa: ARG002
        if self._over or not self._all_ready():
            return
        if self._question is not None:
            # The check was started before this worker replaced another one.
            self._question.cancel()
        self._question = asyncio.ensure_future(self._hand_over())

    def answered(self, worker: Worker, call: Call, reply: Reply) -> None:
        """It gets no calls."""

    def begun(self, worker: Worker, calls: Sequence[Call], *, batched: bool) -> None:
        """It gets no calls."""

    def returned(self, worker: Worker, calls: Sequence[Call]) -> None:
        """It gets no calls."""

    def ended(self, worker: Worker, calls: Sequence[Call]) -> None:  # noqa: ARG002
        self._leaving.discard(worker)
        if self._over:
            return
        number = next(number for number, each in self._workers.items() if each is worker)
        self._deaths[number] += 1
        if worker.broken or worker.ordered or self._deaths[number] >= DEATHS_COUNT:
            self._fail(worker.how, worker.traceback)
            return
        _log.warning("[%s] %s while loading the new code; retrying", worker.label, worker.how)
        self._start(number)

    def _all_ready(self) -> bool:
        return all(worker.state is WorkerState.READY for worker in self._workers.values())

    async def _hand_over(self) -> None:
        # If a worker has died meanwhile, it is restarted, and this runs again.
        if not await self._is_current() or not self._all_ready():
            return
        self._over = True
        assert self._description is not None
        self._done(list(self._workers.values()), self._description)

    def _start(self, number: int) -> None:
        try:
            self._workers[number] = self._starter.start(number, self)
        except CannotStart as error:
            self._fail(f"cannot start a process: {error}")

    def _fail(self, how: str, traceback: str = "") -> None:
        if self._over:
            return
        self.abandon()
        _log.error(
            "[%s] the new code cannot be served: %s; the previous code stays active%s",
            self._name,
            how,
            f"\n{traceback}" if traceback else "",
        )
        self._failed(how, traceback)


async def see_off(worker: Worker) -> None:
    while pending := worker.pending():
        await asyncio.wait(pending)
    await worker.stop()
