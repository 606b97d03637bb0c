"""The interface of training for protocols."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from deepaas.errors import (
    ConfigError,
    NotImplementedByModel,
    RunElsewhere,
    RunNotFound,
    StorageFull,
    StoreUnavailable,
    TrainQueueFull,
)
from deepaas.messages import Checked, Inputs
from deepaas.model.handle import HostedModel
from deepaas.training import run_trace
from deepaas.training.folder import Folder, read_file
from deepaas.training.numbers import TrainingNumbers
from deepaas.training.run_trace import RunSpans, RunTrace
from deepaas.training.runs import State, TrainingRun
from deepaas.training.scheduler import CANCELLED, Scheduler
from deepaas.training.state_directory import StateDirectory
from deepaas.training.tensorboard import TensorBoard

if TYPE_CHECKING:
    # SQLAlchemy takes longer to import than all the rest: see app.open_store.
    from deepaas.training.store import Store

_log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0

MAX_CHECKED_BYTES = 4 * 1024 * 1024
"""Longer arguments are validated by the run itself, because parsing them blocks a process."""

MAX_CANCEL_SECONDS = 30.0
"""Cancelling a run waits for its end, but at most this long."""

LOOK_SECONDS = 1.0
"""Delay until changes by another host are noticed."""


OpenStore = Callable[[], Awaitable["Store"]]


MakeScheduler = Callable[["Store"], Scheduler]


def _ignore(_notice: str) -> None:
    """For callers that have no client to tell."""


class Trainings:
    """`cancel_seconds`: how long a cancelled run may take to end."""

    def __init__(
        self,
        open_store: OpenStore,
        directory: StateDirectory,
        make_scheduler: MakeScheduler,
        queue_size: int,
        cancel_seconds: float,
        tensorboard: TensorBoard,
        host: str,
        numbers: TrainingNumbers | None = None,
        spans: RunSpans | None = None,
    ) -> None:
        self._spans = spans or RunSpans(None, directory)
        self.numbers = numbers or TrainingNumbers()
        self.tensorboard = tensorboard
        self.host = host
        self._open_store = open_store
        self._directory = directory
        self._make_scheduler = make_scheduler
        self._queue_size = queue_size
        self._cancel_seconds = min(cancel_seconds + 5.0, MAX_CANCEL_SECONDS)
        self._store: Store | None = None
        self._scheduler: Scheduler | None = None
        self._stopped: Scheduler | None = None
        self._reason = ""
        self._opening: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()

    # --- its life ---

    async def start(self) -> None:
        """Open the store, or keep retrying; ``ConfigError`` if retrying cannot help."""
        try:
            await self._open()
        except (StoreUnavailable, StorageFull) as error:
            self._reason = error.reason if isinstance(error, StoreUnavailable) else str(error)
            _log.error(
                "%s; predictions work, training is not available; retrying%s",
                error,
                f"\n{error.details}" if error.details else "",
            )
            self._opening = asyncio.create_task(self._open_later())
        except ConfigError:
            raise
        except Exception:
            # Any exception: predictions do not depend on the state directory.
            self._reason = "it cannot be opened: see the host's log"
            _log.exception("predictions work, training is not available; retrying")
            self._opening = asyncio.create_task(self._open_later())
        finally:
            self._tried.set()

    async def stop(self, hurry: asyncio.Event) -> None:
        """Stop the runs, gracefully until `hurry` is set; the store is open until :meth:`close`."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        self._reason = "the host is shutting down"
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            self._stopped = scheduler
            await scheduler.stop(hurry)
        if self._store is not None:
            self._store.changes.end()
        await self.tensorboard.stop()

    async def close(self) -> None:
        """Close the store, after its last use."""
        if self._stopped is not None:
            await self._stopped.leave()
        store, self._store = self._store, None
        if store is not None:
            await store.close()

    @property
    def status(self) -> tuple[str, str]:
        """``loading`` (requests wait for the store), ``ready``, or ``unavailable`` with the reason.

        Importing SQLAlchemy takes about as long as to load a small model.
        """
        if not self._tried.is_set():
            return "loading", ""
        trouble = self._reason
        if self._store is not None:
            trouble = "" if self._scheduler is None else self._scheduler.trouble
        return "unavailable" if trouble else "ready", trouble

    @property
    def directory(self) -> StateDirectory:
        return self._directory

    async def settled(self) -> None:
        await self._tried.wait()

    async def store(self) -> Store:
        """The store, for other data in it. Raises ``StoreUnavailable`` if it is not open."""
        await self._tried.wait()
        if self._store is None:
            raise StoreUnavailable(self._reason)
        return self._store

    async def _open(self) -> None:
        store = await self._open_store()
        scheduler = self._make_scheduler(store)
        try:
            await scheduler.start()
        except BaseException:
            await store.close()
            raise
        self._store, self._scheduler = store, scheduler

    async def _open_later(self) -> None:
        while self._store is None:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                await self._open()
                _log.info("the database of training runs is available")
            except StoreUnavailable as error:
                self._reason = error.reason
            except StorageFull as error:
                self._reason = error.message
            except ConfigError as error:
                _log.error("cannot open the database of training runs: %s", error)
                self._reason = "it cannot be opened: see the host's log"
            except Exception:
                _log.exception("cannot open the database of training runs")

    async def _opened(self) -> tuple[Store, Scheduler]:
        # Requests during the start wait for the first attempt, as for the models.
        await self._tried.wait()
        if self._store is None or self._scheduler is None:
            raise StoreUnavailable(self._reason)
        return self._store, self._scheduler

    # --- requests of clients ---

    async def submit(
        self,
        model: HostedModel,
        inputs: Inputs,
        run_id: str = "",
        name: str = "",
        on_notice: Callable[[str], None] = _ignore,
    ) -> TrainingRun:
        """Start or queue a run; files of the request are moved.

        `run_id` is a unique id of 32 hex digits, generated if empty; `name` is the client's id.
        `on_notice` is called with what the client should know, such as ignored arguments.
        Raises ``DeepaasError``; then nothing of the run is left.
        """
        _, scheduler = await self._opened()
        if scheduler.is_full:  # As far as is known, without asking the store.
            raise TrainQueueFull(self._queue_size)
        checked = await self._check(model, inputs)
        if checked.notice:
            on_notice(checked.notice)
        try:
            run = self._new_run(model, checked, run_id, name)
            entering = asyncio.create_task(
                self._enter(scheduler, run, inputs, checked, run_trace.begin())
            )
            try:
                await asyncio.shield(entering)
            except asyncio.CancelledError:
                # The client has left. Its files are being moved and must not be removed yet.
                await asyncio.wait([entering])
                raise
            _log.info("training %s of model %r was accepted", run.uuid, model.name)
        finally:
            if checked.path:
                Path(checked.path).unlink(missing_ok=True)
        with contextlib.suppress(StoreUnavailable, StorageFull):
            return await scheduler.start_next(run)
        return run

    async def get(self, model: HostedModel, run: str) -> TrainingRun:
        """Raises ``RunNotFound``."""
        # Also works while the host stops, for requests that wait for the end of a run.
        found = await (await self.store()).get(model.name, run)
        if found is None:
            raise RunNotFound(model.name, run)
        return found

    async def list(
        self,
        model: HostedModel,
        *,
        states: Collection[State] = (),
        limit: int | None = None,
        offset: int = 0,
        newest_first: bool = False,
    ) -> tuple[list[TrainingRun], int]:
        """Runs in the order of requests, and their number without ``limit`` and ``offset``."""
        store, _ = await self._opened()
        runs = await store.list(
            model.name, states=states, limit=limit, offset=offset, newest_first=newest_first
        )
        if limit is None and not offset:
            return runs, len(runs)
        return runs, await store.count(model.name, states=states)

    async def cancel(self, model: HostedModel, run: str) -> TrainingRun:
        """Cancel a run, and wait for its end for a limited time. Raises ``RunNotFound``."""
        store, scheduler = await self._opened()
        now = time.time()
        found = await store.request_cancel(model.name, run, now, CANCELLED)
        if found is None:
            raise RunNotFound(model.name, run)
        if found.state is not State.RUNNING:
            scheduler.is_full = False
            if found.state is State.CANCELLED and found.place == self._directory.id:
                await asyncio.to_thread(self._directory.settle(run).drop_inputs)
                if found.finished == now:  # By this request, and not before.
                    await asyncio.to_thread(self._spans.tell, found, found.state, now)
            return found
        scheduler.cancel(run)
        try:
            return await asyncio.wait_for(self.ended(model, found), self._cancel_seconds)
        except asyncio.TimeoutError:
            return await self.get(model, run)

    async def follow(
        self, model: HostedModel, run: TrainingRun
    ) -> AsyncGenerator[TrainingRun, None]:
        """Yield a run now and whenever its state changes, until it has ended or this host stops.

        Pauses while the store is unavailable. Raises ``RunNotFound`` if the run is removed, and
        ``StoreUnavailable`` if the store has never been open.
        """
        changes = (await self.store()).changes
        told: State | None = None
        with changes.of(run.uuid) as news:
            while True:
                leaving = changes.ended
                news.clear()
                with contextlib.suppress(StoreUnavailable):
                    run = await self.get(model, run.uuid)
                if run.state is not told:
                    told = run.state
                    yield run
                if run.state.final or leaving:
                    return
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(news.wait(), LOOK_SECONDS)

    async def ended(self, model: HostedModel, run: TrainingRun) -> TrainingRun:
        """Wait until a run has ended or this host stops. Raises ``RunNotFound``."""
        async with contextlib.aclosing(self.follow(model, run)) as seen:
            async for now in seen:
                run = now
        return run

    # --- files ---

    def folder(self, run: TrainingRun) -> Folder:
        """Raises ``RunElsewhere`` if it is in another state directory."""
        if run.place != self._directory.id:
            raise RunElsewhere(run.uuid)
        return self._directory.settle(run.uuid)

    async def args(self, run: TrainingRun) -> bytes:
        """The arguments as JSON, even if they are large."""
        if run.args is not None:
            return run.args
        return await asyncio.to_thread(read_file, self.folder(run).args) or b"null"

    async def result(self, run: TrainingRun) -> bytes:
        if run.result is not None:
            return run.result
        return await asyncio.to_thread(read_file, self.folder(run).result) or b"null"

    async def _check(self, model: HostedModel, inputs: Inputs) -> Checked:
        """Validate the arguments, unless they are so large that the run itself must do it."""
        if await asyncio.to_thread(_text_bytes, inputs) <= MAX_CHECKED_BYTES:
            return await model.check_training(inputs)
        if (await model.described()).train is None:
            raise NotImplementedByModel(model.name, "train")
        return Checked(0, b"null")

    def _new_run(self, model: HostedModel, checked: Checked, run_id: str, name: str) -> TrainingRun:
        return TrainingRun(
            uuid=run_id or uuid.uuid4().hex,
            model=model.name,
            place=self._directory.id,
            state=State.QUEUED,
            created=time.time(),
            args=None if checked.path else checked.args,
            name=name,
        )

    async def _enter(
        self,
        scheduler: Scheduler,
        run: TrainingRun,
        inputs: Inputs,
        checked: Checked,
        trace: RunTrace | None,
    ) -> None:
        try:
            await asyncio.to_thread(self._make_folder, run, inputs, checked, trace)
            if not await scheduler.submit(run, self._queue_size):
                raise TrainQueueFull(self._queue_size)
            await asyncio.to_thread(self._directory.settle, run.uuid)
        except BaseException as error:
            if isinstance(error, StoreUnavailable) and error.is_undecided:
                # The run may be in the store. If not, a later host removes the folder.
                raise
            await asyncio.to_thread(self._directory.remove, run.uuid)
            raise

    def _make_folder(
        self, run: TrainingRun, inputs: Inputs, checked: Checked, trace: RunTrace | None
    ) -> None:
        with self._directory.new_folder(run.uuid) as folder:
            folder.store_inputs(inputs)
            if checked.path:
                folder.store_args(Path(checked.path))
            if trace is not None:
                folder.store_trace(trace)


def _text_bytes(inputs: Inputs) -> int:
    """The size in bytes; files are not read."""
    return sum(Path(path).stat().st_size for path in inputs.text_paths())
