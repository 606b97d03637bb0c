"""Schedules runs: takes them from the queue, monitors them, and records how they end."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deepaas.errors import DeepaasError, StorageFull, StoreUnavailable
from deepaas.executor import Executor, Source
from deepaas.masks import NOTHING_MASKED, Masks
from deepaas.training.disk import Reserve
from deepaas.training.execution import Execution
from deepaas.training.lease import Lease
from deepaas.training.numbers import TrainingNumbers
from deepaas.training.retention import Retention
from deepaas.training.run_trace import RunSpans
from deepaas.training.runs import RunOutcome, RunProgress, State, TrainingRun
from deepaas.training.state_directory import StateDirectory

if TYPE_CHECKING:
    # SQLAlchemy takes longer to import than all the rest: see app.open_store.
    from deepaas.training.store import Store

_log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0

RETRY_SECONDS = 1.0
MAX_RETRY_SECONDS = 15.0

END_SECONDS = 20.0
"""How much longer the host waits until killed runs are recorded."""

LEAVE_SECONDS = 5.0
"""How long the store may take to record the last runs when the host stops."""

CANCELLED = "cancelled on request"
STOPPED = "the host was stopped"
FENCED = "another host declared this one dead: it could not reach the database for too long"


@dataclass(frozen=True)
class TrainingLimits:
    """`grace_seconds`: to stop gracefully; `load_seconds`: including warm-up, 0 for no limit."""

    workers_count: int
    grace_seconds: float
    load_seconds: float


Variables = Callable[[str], AbstractContextManager[Mapping[str, str]]]
"""Environment variables of a run of this model, which are its own until it ends."""


def no_variables(_model: str) -> AbstractContextManager[Mapping[str, str]]:
    return contextlib.nullcontext({})


class Scheduler:
    """`host` is an id that is new at each start; `masks` removes the host's own paths.

    Attributes:
        is_full: whether the queue was full at the last attempt, and has not changed since.
    """

    def __init__(
        self,
        store: Store,
        directory: StateDirectory,
        sources: Mapping[str, Source],
        limits: TrainingLimits,
        retention: Retention,
        host: str,
        executor: Executor,
        masks: Masks = NOTHING_MASKED,
        numbers: TrainingNumbers | None = None,
        variables: Variables = no_variables,
        spans: RunSpans | None = None,
    ) -> None:
        self._spans = spans or RunSpans(None, directory)
        self._masks = masks
        self._variables = variables
        self._numbers = numbers or TrainingNumbers()
        self._store = store
        self._directory = directory
        self._sources = sources
        self._limits = limits
        self._retention = retention
        self._host = host
        self._executor = executor
        self._lease = Lease(store, directory, host, self._spans)
        self._reserve = Reserve(directory.reserve)
        self._executions: dict[str, Execution] = {}
        self._ending: set[str] = set()
        self._told: dict[str, RunProgress] = {}
        self._filling = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._leaving = asyncio.Event()
        self._unsure = False
        self.is_full = False
        self._troubles: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._heart: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take over the runs of previous hosts. Raises ``StoreUnavailable``."""
        await self._lease.enter()
        await self._lease.mark_dead_hosts()
        await asyncio.to_thread(self._reserve.hold)
        await self._retention.sweep()
        # If this fails, the loops below retry it.
        with contextlib.suppress(StoreUnavailable, StorageFull):
            await self.fill()
        # Separate tasks, because a slow disk must not delay the heartbeat.
        self._heart = asyncio.create_task(self._repeat(self._live, self._leaving))
        for what in (self._look, self._tidy):
            self._loops.append(asyncio.create_task(self._repeat(what, self._stopping)))

    async def stop(self, hurry: asyncio.Event) -> None:
        """Interrupt all runs, gracefully until `hurry` is set; the queue is kept."""
        self._stopping.set()
        if self._loops:
            # Not cancelled at once, because one may be taking a run from the queue.
            _, late = await asyncio.wait(self._loops, timeout=LEAVE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._loops, return_exceptions=True)
        async with self._filling:
            pass  # A run that is being started is among the executions then.
        for execution in self._executions.values():
            execution.stop(State.INTERRUPTED, STOPPED)
        rushing = asyncio.create_task(self._rush(hurry))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.grace_seconds + END_SECONDS)
        rushing.cancel()

    async def leave(self) -> None:
        # Predictions were still completed while the runs stopped.
        self._leaving.set()
        if self._heart is not None:
            await asyncio.wait([self._heart], timeout=LEAVE_SECONDS)
            self._heart.cancel()
            await asyncio.gather(self._heart, return_exceptions=True)
        try:
            await asyncio.wait_for(self._lease.leave(STOPPED), LEAVE_SECONDS)
        except (asyncio.TimeoutError, DeepaasError) as error:
            _log.error("cannot record in the database that this host has stopped: %s", error)

    async def _rush(self, hurry: asyncio.Event) -> None:
        await hurry.wait()
        for execution in self._executions.values():
            execution.kill()

    def cancel(self, run: str) -> None:
        """Cancel a run at once if it runs in this host; other hosts read it from the store."""
        if run in self._executions:
            self._executions[run].stop(State.CANCELLED, CANCELLED)

    # --- the queue ---

    async def submit(self, run: TrainingRun, queue_size: int) -> bool:
        """Queue a run; False if the queue is full. Raises ``StoreUnavailable``."""
        self.is_full = not await self._store.add(run, queue_size, self._sources)
        return not self.is_full

    async def start_next(self, entered: TrainingRun) -> TrainingRun:
        """Start the oldest queued run if a slot is free; returns the current state of a new run.

        Raises ``StoreUnavailable``.
        """
        async with self._filling:
            await self._next()
        if execution := self._executions.get(entered.uuid):
            return execution.run  # This call or the end of another run has started it.
        if len(self._executions) >= self._limits.workers_count:
            return entered
        # There is a free slot: another host has it, or it has ended.
        return await self._store.get(entered.model, entered.uuid) or entered

    async def fill(self) -> None:
        """Start queued runs while slots are free. Raises ``StoreUnavailable``."""
        async with self._filling:
            while await self._next():
                pass

    async def _next(self) -> TrainingRun | None:
        if self._unsure and not self._stopping.is_set():
            await self._find_lost()
        if self._stopping.is_set() or len(self._executions) >= self._limits.workers_count:
            return None
        self._unsure = True
        run = await self._store.claim(self._host, self._directory.id, self._sources, time.time())
        self._unsure = False
        if run is not None:
            self.is_full = False
            self._execute(run)
        return run

    async def _find_lost(self) -> None:
        """Find runs that this host has claimed without receiving the database's confirmation."""
        known = self._ending | set(self._executions)
        for run in await self._store.owned(self._host):
            if run.uuid not in known:
                self._execute(run)
        self._unsure = False

    def _execute(self, run: TrainingRun) -> None:
        execution = Execution(
            run,
            self._sources[run.model],
            self._directory.settle(run.uuid),
            self._executor,
            self._limits.grace_seconds,
            self._limits.load_seconds,
            self._masks,
        )
        self._executions[run.uuid] = execution
        _log.info("training %s of %s starts", run.uuid, run.model)
        self._run(self._see_through(execution))

    async def _see_through(self, execution: Execution) -> None:
        run = execution.run
        try:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._directory.show, run)
            began = time.monotonic()
            with self._variables(run.model) as variables:
                await execution.start(variables)
                outcome = await execution.outcome
            self._numbers.add(run.model, outcome.state, time.monotonic() - began)
            # The process is gone, so the slot is free when the end is reported.
            self._ending.add(run.uuid)
            self._executions.pop(run.uuid)
            await self._tell(execution, outcome)
        finally:
            self._ending.discard(run.uuid)
            self._executions.pop(run.uuid, None)
            self._told.pop(run.uuid, None)
        failed = outcome.state is State.ERROR
        _log.log(
            logging.WARNING if failed else logging.INFO,
            "training %s of %s: %s%s%s",
            run.uuid,
            run.model,
            outcome.state.value,
            f" ({outcome.message})" if outcome.message else "",
            f"; its output and traceback: {execution.folder.log}" if failed else "",
        )
        if not self._stopping.is_set():
            with contextlib.suppress(StoreUnavailable, StorageFull):
                await self.fill()

    async def _tell(self, execution: Execution, outcome: RunOutcome) -> None:
        """Record the outcome in the folder, then in the store, as soon as possible."""
        run, folder = execution.run, execution.folder
        await self._tell_progress(run.uuid, execution)
        try:
            await asyncio.to_thread(folder.write_outcome, outcome)
        except OSError as error:
            _log.error("training %s: cannot write its outcome: %s", run.uuid, error)
        delay_seconds = RETRY_SECONDS
        while not await self._noted(execution, outcome):
            if self._stopping.is_set():
                return  # The next host reads the file in the folder.
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay_seconds)
            delay_seconds = min(2 * delay_seconds, MAX_RETRY_SECONDS)
        await asyncio.to_thread(folder.drop_inputs)

    async def _noted(self, execution: Execution, outcome: RunOutcome) -> bool:
        run = execution.run
        uuid = run.uuid
        try:
            try:
                mine = await self._store.finish(uuid, self._host, outcome)
            except StorageFull:
                # At once, before something else takes the space.
                await asyncio.to_thread(self._reserve.give)
                mine = await self._store.finish(uuid, self._host, outcome)
        except (StoreUnavailable, StorageFull) as error:
            _log.error("training %s: cannot record its end: %s; retrying", uuid, error)
            return False
        if not mine:
            _log.warning("training %s no longer belongs to this host", uuid)
        else:
            moments = outcome.finished, execution.ready_at
            await asyncio.to_thread(self._spans.tell, run, outcome.state, *moments)
        return True

    # --- repeated ---

    @property
    def trouble(self) -> str:
        """Why the store cannot be used, or empty."""
        return next(iter(self._troubles.values()), "")

    async def _repeat(
        self, what: Callable[[], Coroutine[Any, Any, None]], end: asyncio.Event
    ) -> None:
        name = what.__name__
        while not end.is_set():
            try:
                await what()
                if self._troubles.pop(name, ""):
                    _log.info("the database of training runs is available again")
            except (StoreUnavailable, StorageFull) as error:
                if str(error) != self._troubles.get(name):
                    self._troubles[name] = str(error)
                    details = f" ({error.details})" if error.details else ""
                    _log.error("%s%s; active runs continue, retrying", error, details)
            except Exception:
                _log.exception("cannot manage the training runs")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(end.wait(), LOOK_SECONDS)

    async def _live(self) -> None:
        if await self._lease.beat():
            return
        _log.error("%s", FENCED)
        for execution in self._executions.values():
            execution.stop(State.INTERRUPTED, FENCED)
            execution.kill()
        await self._lease.enter()

    async def _look(self) -> None:
        # One question instead of three, and no lock for a transaction that would change nothing.
        is_quiet = not (self._executions or self._unsure) and await self._store.is_quiet(
            self._host, self._directory.id, self._sources
        )
        await self._lease.watch_peers(is_alone=is_quiet)
        self.is_full = False
        if is_quiet:
            return
        for uuid in await self._store.cancelling(self._host):
            self.cancel(uuid)
        for uuid, execution in list(self._executions.items()):
            await self._tell_progress(uuid, execution)
            with contextlib.suppress(OSError):  # It may have added a folder to watch.
                await asyncio.to_thread(self._directory.show, execution.run)
        await self.fill()

    async def _tidy(self) -> None:
        await asyncio.to_thread(self._reserve.hold)
        await self._retention.apply()

    async def _tell_progress(self, uuid: str, execution: Execution) -> None:
        progress = await asyncio.to_thread(execution.folder.progress)
        if progress is not None:
            message = self._masks.text(progress.message)
            progress = dataclasses.replace(progress, message=message)
        if progress is None or progress == self._told.get(uuid):
            return
        with contextlib.suppress(StoreUnavailable, StorageFull):
            await self._store.set_progress(uuid, self._host, progress)
            self._told[uuid] = progress

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
