"""Manages the replicas of one model."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from deepaas.errors import ModelUnavailable
from deepaas.executor import Executor, Needs, Source
from deepaas.messages import Batching, Description, Reply
from deepaas.workers.call import Call
from deepaas.workers.calls import Calls
from deepaas.workers.numbers import EndReason, PoolNumbers
from deepaas.workers.scaler import keep_scaled
from deepaas.workers.scaling import Load, Scaling
from deepaas.workers.setup import Setup
from deepaas.workers.slot import Slot, Slots
from deepaas.workers.spool import Spool
from deepaas.workers.starter import Starter, Variables, no_variables
from deepaas.workers.status import PoolLimits, Status
from deepaas.workers.swap import IsCurrent, Swap, see_off
from deepaas.workers.watch import watch_over
from deepaas.workers.worker import Answered, Question, Worker, WorkerState

_log = logging.getLogger(__name__)

SHUTTING_DOWN = "the host is shutting down"

CHECKS_COUNT = 100
"""Queue size for validations of training arguments."""


class Pool:
    """Starts and replaces the workers of one model; ``Calls`` sends them calls.

    Attributes:
        spool: folder for large results, created here and removed by ``stop``.
        checking: whether they only validate the arguments of training runs.
        numbers: counts what happens, for metrics; None without them.
        version: how often the code has changed.
        was_ready: whether it has ever been ready: from then on, calls wait for new workers.
    """

    def __init__(
        self,
        executor: Executor,
        source: Source,
        limits: PoolLimits,
        spool: Path,
        *,
        checking: bool = False,
        numbers: PoolNumbers | None = None,
        variables: Variables = no_variables,
    ) -> None:
        self.name = source.name
        self.numbers = numbers
        self.source = source
        self.description: Description | None = None
        self.limits = limits
        self.version = 0
        self.was_ready = False
        self._executor = executor
        self._spool = Spool(spool)
        needs = Needs(source, spool, checking=checking)
        self._checking = checking
        self._variables = variables
        self._starter = Starter(executor, needs, limits.warm_seconds, variables)
        self._slots = Slots(limits.workers_count)
        self.calls = Calls(source.name, limits, self._slots, self._spool, numbers)
        self._swap: Swap | None = None
        self._described = asyncio.Event()
        self._settled = asyncio.Event()
        self._restarts_count = 0
        self._told = ("", "")
        self._remarks: list[str] = []
        self._stopping = False
        self._served = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    # --- for the host ---

    def start(self) -> None:
        """Start all workers, without waiting until they are ready."""
        self._spool.make()
        if not self._checking:
            _log.info("[%s] loading", self.name)
        for slot in self._slots:
            slot.worker = self._starter.start(slot.number, self)
        self._run(watch_over(self._slots, self._serve))
        if self.limits.is_range:
            limits = self.limits
            scaling = Scaling(
                limits.workers_count, limits.most_workers_count, limits.scale_down_seconds
            )
            self._run(keep_scaled(scaling, self._load, self._resize))

    async def described(self) -> Description:
        """Wait until the model is loaded. Raises ``ModelUnavailable`` (perhaps only for now)."""
        await self._described.wait()
        if self.description is None:
            raise self.calls.unavailable(self._slots.broken())
        return self.description

    async def settled(self) -> Status:
        await self._settled.wait()
        return self.status()

    def status(self) -> Status:
        states = [worker.state for worker in self._slots.workers() if not worker.is_leaving]
        ready_count = states.count(WorkerState.READY)
        broken = "" if ready_count else self._slots.broken()
        if ready_count:
            status = "ready"
        elif broken:
            status = "broken"
        else:
            status = "warming" if WorkerState.WARMING in states else "loading"
        return Status(
            status=status,
            reason=broken,
            workers_count=self.workers_count,
            workers_ready_count=ready_count,
            queued_count=self.calls.queued_count,
            room_count=self.calls.room_count,
            restarts_count=self._restarts_count,
            workers_max_count=max(self.limits.most_workers_count, self.workers_count),
            batches=_in_words(self.description.batching) if self.description else "",
        )

    @property
    def workers_count(self) -> int:
        """How many replicas it has, whatever their state."""
        return len(self._slots)

    def workers(self) -> Sequence[Worker]:
        """Those that run, and those that leave."""
        return self._slots.workers()

    def numbered(self) -> list[tuple[int, int]]:
        """The numbers of the replicas, with the ids of their processes, 0 for none."""
        return [(slot.number, slot.worker.pid if slot.worker else 0) for slot in self._slots]

    @property
    def takes_calls(self) -> bool:
        """Whether one of its workers does; ``status`` tells more, and takes longer."""
        return any(each.worker is not None and each.worker.takes_calls for each in self._slots)

    async def ask(self, question: Callable[[int], Question], answer: type[Answered]) -> Answered:
        """Send a quick request, see :meth:`Worker.ask`. Raises ``ModelUnavailable``."""
        for worker in self._slots.workers():
            if worker.answers:
                return await worker.ask(question, answer)
        raise ModelUnavailable(self.name, self._slots.broken() or "it is still loading")

    def setup(self) -> Setup:
        return self._slots.setup

    def for_checks(self, number: int, seconds: float) -> Pool:
        """A pool that validates arguments, not started; loads the model without warming it up.

        `seconds`: 0 for no limit.
        """
        limits = replace(
            self.limits,
            workers_count=1,
            most_workers_count=1,
            queue_size=CHECKS_COUNT,
            predict_seconds=seconds,
            queue_seconds=0.0,
        )
        path = self._spool.path
        return Pool(
            self._executor,
            replace(self.source, warm=False),
            limits,
            path.with_name(f"{path.name}-checks-{number}"),
            checking=True,
            variables=lambda _: self._variables(0),
        )

    async def stop(self) -> None:
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        self.calls.refuse_all(SHUTTING_DOWN)
        if self._swap is not None:
            await self._swap.stop()
        await asyncio.gather(*(worker.stop() for worker in self._slots.workers()))
        self._spool.remove()

    # --- the number of replicas ---

    def _load(self) -> Load:
        ready = [slot.worker for slot in self._slots if slot.worker and slot.is_ready]
        return Load(
            waiting=self.calls.queued_count,
            running=sum(len(worker.calls) for worker in ready),
            capacity=max((worker.capacity for worker in ready), default=1),
            ready=len(ready),
        )

    def _resize(self, count: int) -> None:
        """Add replicas, or stop those that are idle. Not during a reload, which has its set."""
        before = len(self._slots)
        if self._stopping or count == before or any(slot.reserved for slot in self._slots):
            return
        while len(self._slots) < count:
            self._run(self._starter.fill(self._slots.add(), 0.0, self))
        with contextlib.suppress(LookupError):  # The others are stopped later.
            while len(self._slots) > count:
                if (worker := self._slots.remove_idle()) is not None:
                    self._run(see_off(worker))
        change = len(self._slots) - before
        if not change:
            return
        if self.numbers is not None:
            self.numbers.scaled["up" if change > 0 else "down"] += 1
        _log.info("[%s] scaled from %d to %d workers", self.name, before, len(self._slots))

    # --- new code ---

    def reload(self, is_current: IsCurrent) -> None:
        if self._stopping:
            return
        self.version += 1
        self._settled.clear()
        if self._swap is not None:
            self._swap.abandon()
        ready = [
            each for each in self._slots if each.worker and each.worker.state is WorkerState.READY
        ]
        for slot in self._slots:
            if slot not in ready:
                self._vacate(slot)
            # A worker started there now would have the new code before the others.
            slot.reserved = bool(ready)
        if ready:
            numbers = [slot.number for slot in self._slots]
            self._swap = Swap(
                self.name, self._starter, numbers, is_current, self._take_over, self._keep
            )
            return
        # No worker is ready, and earlier failures do not matter for the new code.
        if self.description is None:
            self._described.clear()
        self._fill()

    def _take_over(self, workers: Sequence[Worker], description: Description) -> None:
        self.description = description
        self._tell_remarks(description)
        self.calls.replaced()
        self._served = False
        for slot, worker in zip(self._slots, workers, strict=True):
            self._vacate(slot)
            slot.worker = worker
            worker.keeper = self
        if self.numbers is not None:
            self.numbers.restarts[EndReason.RELOADED] += len(workers)
        _log.info("[%s] reloaded: the new code is active", self.name)
        for worker in workers:
            self.ready(worker)

    def _keep(self, how: str, traceback: str) -> None:
        self._told = (how, traceback)
        for slot in self._slots:
            slot.reserved = False
        self._fill()
        self._settled.set()

    def _fill(self) -> None:
        for slot in self._slots:
            if slot.worker is None:
                self._run(self._starter.fill(slot, slot.delay_seconds(), self))

    def _vacate(self, slot: Slot) -> None:
        if (worker := self._slots.vacate(slot)) is not None:
            self._run(see_off(worker))

    # --- called by the workers (workers.worker.WorkerKeeper) ---

    def loaded(self, worker: Worker, description: Description) -> None:
        self.description = description
        self._tell_remarks(description)
        self._described.set()
        _log.debug("[%s] the model is loaded", worker.label)

    def ready(self, worker: Worker) -> None:
        self.was_ready = True
        self._slots.of(worker).broken = ""
        self._told = ("", "")
        self._settled.set()
        _log.info("[%s] ready (%s)", worker.label, worker.where)
        self._serve(worker)

    def answered(self, worker: Worker, call: Call, reply: Reply) -> None:
        self._slots.of(worker).answered()
        self._served = True
        # The next call is sent before this one's client is answered: the worker must not wait.
        self._serve(worker)
        self.calls.answered(call, reply)

    def begun(self, worker: Worker, calls: Sequence[Call], *, batched: bool) -> None:
        self.calls.begun(worker, calls, batched=batched)

    def returned(self, worker: Worker, calls: Sequence[Call]) -> None:  # noqa: ARG002
        self.calls.returned(calls)

    def ended(self, worker: Worker, calls: Sequence[Call]) -> None:
        slot = self._slots.of(worker)
        needed = self._slots.emptied(slot)
        self.calls.lost(worker, calls)
        if not needed or self._stopping:
            return
        self._restarts_count += 1
        if self.numbers is not None:
            self.numbers.replaced(worker.reason, broken=worker.broken, killed=worker.killed)
        forgiven = worker.killed and slot.forgives(served=self._served, now=self._loop.time())
        if worker.was_ready or forgiven:
            # If the host itself stopped it, for example after a timeout, that is not a failure.
            slot.failures_count += not (worker.ordered or forgiven)
            delay_seconds = slot.delay_seconds()
            _log.warning("[%s] %s; replacing it", worker.label, worker.how)
        else:
            slot.failures_count += 1
            slot.broken = worker.how
            slot.hopeless = worker.hopeless
            delay_seconds = slot.delay_seconds()
            self._could_not_start(worker, delay_seconds)
        self._run(self._starter.fill(slot, delay_seconds, self))

    def _serve(self, worker: Worker) -> None:
        if not self._stopping:
            self.calls.serve(worker)

    def _tell_remarks(self, description: Description) -> None:
        known, self._remarks = self._remarks, description.remarks
        for remark in description.remarks:
            if remark not in known:
                _log.warning("[%s] %s", self.name, remark)

    def _could_not_start(self, worker: Worker, delay_seconds: float) -> None:
        told = (worker.how, worker.traceback)
        if told != self._told:
            self._told = told
            trace = worker.traceback
            if not (worker.broken or worker.ordered):
                trace = f"-> to find the line: deepaas-cli check {self.source.source}"
            trace = f"\n{trace}" if trace else ""
            _log.error("[%s] the model cannot be served: %s%s", worker.label, worker.how, trace)
        else:
            _log.debug("[%s] as before: %s", worker.label, worker.how)
        _log.debug("[%s] next attempt in %g s", worker.label, delay_seconds)
        if broken := self._slots.broken():
            self._described.set()
            self._settled.set()
            self.calls.refuse_waiting(broken)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _in_words(batching: Batching | None) -> str:
    if batching is None:
        return ""
    if batching.automatic:
        return f"up to {batching.size}, as measured"
    delay = f", after {batching.delay_seconds * 1000:g} ms" if batching.delay_seconds else ""
    return f"up to {batching.size}{delay}"
