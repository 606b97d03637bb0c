"""New code for a model in use: new workers beside the old ones, until they are ready."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from deepaas.executor import CannotStart
from deepaas.messages import Description, Reply
from deepaas.workers.call import Call
from deepaas.workers.starter import Starter
from deepaas.workers.worker import Worker, WorkerState

_log = logging.getLogger(__name__)

DEATHS_COUNT = 3
"""A worker that dies is started again; after so many deaths of a replica its model is at fault."""


IsCurrent = Callable[[], Awaitable[bool]]
"""Whether ready workers have loaded the code as it is now; if not, another swap is started."""


class Swap:
    """Starts a full set of workers and hands them over when all of them are ready.

    When the model cannot be loaded or warmed, nothing is handed over and the new workers end.
    When its code has changed again they are kept until they are abandoned.
    """

    def __init__(
        self,
        name: str,
        starter: Starter,
        count: int,
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
        for number in range(1, count + 1):
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
                worker.kill("was ended: its code is out of date")

    async def stop(self) -> None:
        self.abandon()
        await asyncio.gather(*(worker.stop() for worker in self._leaving))

    # --- what the workers report (workers.worker.WorkerKeeper) ---

    def loaded(self, worker: Worker, description: Description) -> None:  # noqa: ARG002
        self._description = description

    def ready(self, worker: Worker) -> None:  # noqa: ARG002
        if self._over or not self._all_ready():
            return
        if self._question is not None:
            # It was asked before this worker took the place of another one.
            self._question.cancel()
        self._question = asyncio.ensure_future(self._hand_over())

    def answered(self, worker: Worker, call: Call, reply: Reply) -> None:
        """It is not handed any."""

    def ended(self, worker: Worker, calls: Sequence[Call]) -> None:  # noqa: ARG002
        self._leaving.discard(worker)
        if self._over:
            return
        number = next(number for number, each in self._workers.items() if each is worker)
        self._deaths[number] += 1
        if worker.broken or worker.ordered or self._deaths[number] >= DEATHS_COUNT:
            self._fail(worker.how, worker.traceback)
            return
        _log.warning("[%s] %s while its new code was loaded; once more", worker.label, worker.how)
        self._start(number)

    def _all_ready(self) -> bool:
        return all(worker.state is WorkerState.READY for worker in self._workers.values())

    async def _hand_over(self) -> None:
        # One that has died meanwhile is started again, and then this is asked again.
        if not await self._is_current() or not self._all_ready():
            return
        self._over = True
        assert self._description is not None
        self._done(list(self._workers.values()), self._description)

    def _start(self, number: int) -> None:
        try:
            self._workers[number] = self._starter.start(number, self)
        except CannotStart as error:
            self._fail(f"no process can be started: {error}")

    def _fail(self, how: str, traceback: str = "") -> None:
        if self._over:
            return
        self.abandon()
        _log.error(
            "[%s] the new code cannot be served: %s; the code from before goes on answering%s",
            self._name,
            how,
            f"\n{traceback}" if traceback else "",
        )
        self._failed(how, traceback)


async def see_off(worker: Worker) -> None:
    while pending := worker.pending():
        await asyncio.wait(pending)
    await worker.stop()
