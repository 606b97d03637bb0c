"""The replicas of one model and the queue before them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import shutil
from collections import deque
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from deepaas.errors import CallTimedOut, ModelUnavailable, QueueFull, WorkerDied
from deepaas.messages import (
    Answer,
    Checked,
    Description,
    Failure,
    FromWorkerCalls,
    Inputs,
    Metadata,
    Predict,
)
from deepaas.workers.process import Launch, Source
from deepaas.workers.slot import Slot
from deepaas.workers.status import Limits, Status
from deepaas.workers.worker import Call, State, Worker

_log = logging.getLogger(__name__)

SHUTTING_DOWN = "the host is shutting down"


class Pool:
    """Keeps the workers of one model alive and hands them calls, one each at a time.

    Args:
        source: the model.
        limits: what it may take.
        spool: folder for large results, made here and removed by ``stop``.
        mark: what the marks of its workers begin with, see ``workers.warden``.
    """

    def __init__(self, source: Source, limits: Limits, spool: Path, mark: str) -> None:
        self.name = source.name
        self.description: Description | None = None
        self._source = source
        self._limits = limits
        self._spool = spool
        self._mark = mark
        self._worker_ids = itertools.count(1)
        self._slots = [Slot(number) for number in range(1, limits.workers_count + 1)]
        self._free: deque[Worker] = deque()
        self._queue: deque[Call] = deque()
        self._call_ids = itertools.count(1)
        self._described = asyncio.Event()
        self._settled = asyncio.Event()
        self._restarts_count = 0
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    # --- what the host asks ---

    def start(self) -> None:
        """Start the workers; none is ready when this returns."""
        self._spool.mkdir(parents=True)
        for slot in self._slots:
            self._spawn(slot)

    async def described(self) -> Description:
        """Wait until the model has been loaded for the first time.

        Raises:
            ModelUnavailable: it could not be loaded (it may be later on).
        """
        await self._described.wait()
        if self.description is None:
            raise self._unavailable(self._broken())
        return self.description

    async def settled(self) -> Status:
        """Wait until the first attempt to get the model ready has come to an end."""
        await self._settled.wait()
        return self.status()

    def status(self) -> Status:
        """How it is right now."""
        states = [worker.state for worker in self._workers()]
        broken = self._broken()
        if State.READY in states:
            status = "ready"
        elif broken:
            status = "broken"
        else:
            status = "warming" if State.WARMING in states else "loading"
        return Status(
            status=status,
            reason=broken if status == "broken" else "",
            workers_count=self._limits.workers_count,
            workers_ready_count=states.count(State.READY),
            queued_count=len(self._queue),
            restarts_count=self._restarts_count,
        )

    async def predict(self, inputs: Inputs) -> FromWorkerCalls:
        """Have one of the workers make a prediction.

        Returns:
            the worker's answer; a file that it names belongs to the caller.

        Raises:
            QueueFull: as many calls as allowed are waiting.
            ModelUnavailable: the model cannot be loaded at present.
            WorkerDied: the worker ended in the middle of this call.
            CallTimedOut: it took too long.
            asyncio.CancelledError: the caller gave up; the call is withdrawn or interrupted.
        """
        if self._stopping:
            raise ModelUnavailable(self.name, SHUTTING_DOWN)
        call = Call(Predict(next(self._call_ids), inputs), self._loop)
        worker = self._take_free()
        if worker is not None:
            self._begin(worker, call)
        else:
            self._enqueue(call)
        try:
            return await call.reply
        except asyncio.CancelledError:
            self._give_up(call)
            raise

    async def metadata(self) -> Metadata:
        """Ask the model's ``get_metadata`` in one of the workers.

        Raises:
            ModelUnavailable: there is none that could say.
        """
        return await self._asked().metadata()

    async def check_training(self, inputs: Inputs) -> Checked:
        """Ask one of the workers whether ``train`` takes these inputs.

        Returns:
            its answer; a file that it names belongs to the caller.

        Raises:
            ModelUnavailable: there is none that could say.
        """
        return await self._asked().check_training(inputs)

    async def stop(self) -> None:
        """End all workers and forget what waits."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        self._free.clear()
        self._refuse_queued(SHUTTING_DOWN)
        for worker in self._workers():
            if worker.current is not None and not worker.current.reply.done():
                worker.current.reply.set_exception(ModelUnavailable(self.name, SHUTTING_DOWN))
        await asyncio.gather(*(worker.stop() for worker in self._workers()))
        shutil.rmtree(self._spool, ignore_errors=True)

    def _asked(self) -> Worker:
        """A worker for a light question."""
        for worker in self._workers():
            if worker.state in (State.WARMING, State.READY):
                return worker
        raise ModelUnavailable(self.name, self._broken() or "it is being loaded")

    # --- calls ---

    def _take_free(self) -> Worker | None:
        """A worker that has nothing to do; there is none while calls are waiting."""
        while self._free:
            worker = self._free.popleft()
            if worker.state is State.READY:  # Not one that was killed a moment ago.
                return worker
        return None

    def _enqueue(self, call: Call) -> None:
        if broken := self._broken():
            raise self._unavailable(broken)
        if len(self._queue) >= self._limits.queue_size:
            raise QueueFull(self.name, self._limits.queue_size)
        self._queue.append(call)

    def _begin(self, worker: Worker, call: Call) -> None:
        if self._limits.predict_seconds:
            call.deadline = self._loop.call_later(
                self._limits.predict_seconds, self._time_out, worker, call
            )
        worker.run(call)

    def _time_out(self, worker: Worker, call: Call) -> None:
        if not call.reply.done():
            call.reply.set_exception(CallTimedOut(self.name, self._limits.predict_seconds))
        worker.kill(f"was ended: a call took longer than {self._limits.predict_seconds:g} s")

    def _give_up(self, call: Call) -> None:
        """Nobody waits for this call any more."""
        if call.reply.done() and not call.reply.cancelled():
            # The answer and the cancellation met on the way.
            if call.reply.exception() is None:
                discard(call.reply.result())
            return
        for worker in self._workers():
            if worker.current is call:
                worker.interrupt()
                self._loop.call_later(
                    self._limits.cancel_grace_seconds, self._end_unwanted, worker, call
                )
                return
        with contextlib.suppress(ValueError):
            self._queue.remove(call)

    def _end_unwanted(self, worker: Worker, call: Call) -> None:
        if worker.current is call:
            worker.kill(
                "was ended: a call whose client had left did not stop within "
                f"{self._limits.cancel_grace_seconds:g} s"
            )

    def _next(self, worker: Worker) -> None:
        """Give a free worker something to do."""
        if worker.state is not State.READY or self._stopping:
            return
        if self._queue:
            self._begin(worker, self._queue.popleft())
        else:
            self._free.append(worker)

    def _refuse_queued(self, reason: str) -> None:
        while self._queue:
            call = self._queue.popleft()
            if not call.reply.done():
                call.reply.set_exception(self._unavailable(reason))

    # --- the state of the whole ---

    def _workers(self) -> list[Worker]:
        return [slot.worker for slot in self._slots if slot.worker is not None]

    def _slot(self, worker: Worker) -> Slot:
        return next(slot for slot in self._slots if slot.worker is worker)

    def _broken(self) -> str:
        """Why no replica can be had at present, empty if one can or may be had soon."""
        if all(slot.broken for slot in self._slots):
            return self._slots[0].broken
        return ""

    def _unavailable(self, reason: str) -> ModelUnavailable:
        soonest_seconds = min(slot.delay_seconds() for slot in self._slots)
        return ModelUnavailable(self.name, reason, soonest_seconds)

    # --- what the workers report (workers.worker.Keeper) ---

    def loaded(self, worker: Worker, description: Description) -> None:
        self.description = description
        self._described.set()
        _log.debug("[%s] the model is loaded", worker.label)

    def ready(self, worker: Worker) -> None:
        self._slot(worker).broken = ""
        self._settled.set()
        _log.info("[%s] ready (process %s)", worker.label, worker.pid)
        self._next(worker)

    def answered(self, worker: Worker, call: Call, reply: FromWorkerCalls) -> None:
        self._slot(worker).failures_count = 0
        # The next call goes out before this one's client is served: the worker must not wait.
        self._next(worker)
        if call.deadline is not None:
            call.deadline.cancel()
        if call.reply.done():
            discard(reply)
        else:
            call.reply.set_result(reply)
        if isinstance(reply, Failure):
            self._remove_result(call)  # It may have been interrupted behind the writing of one.

    def ended(self, worker: Worker, call: Call | None) -> None:
        slot = self._slot(worker)
        slot.worker = None
        with contextlib.suppress(ValueError):
            self._free.remove(worker)
        if call is not None:
            self._lost(call, worker.how)
        if self._stopping:
            return
        self._restarts_count += 1
        if worker.was_ready:
            # What the host has ended itself, over a time limit say, tells nothing of the model.
            slot.failures_count += not worker.ordered
            delay_seconds = slot.delay_seconds()
            _log.warning("[%s] %s; it is replaced", worker.label, worker.how)
        else:
            slot.failures_count += 1
            slot.broken = worker.how
            delay_seconds = slot.delay_seconds()
            self._could_not_start(worker, delay_seconds)
        self._run(self._respawn(slot, delay_seconds))

    def _lost(self, call: Call, how: str) -> None:
        """A worker ended in the middle of a call."""
        if call.deadline is not None:
            call.deadline.cancel()
        self._remove_result(call)
        if not call.reply.done():
            call.reply.set_exception(WorkerDied(self.name, how))

    def _remove_result(self, call: Call) -> None:
        (self._spool / str(call.id)).unlink(missing_ok=True)

    def _could_not_start(self, worker: Worker, delay_seconds: float) -> None:
        _log.error(
            "[%s] the model cannot be served: %s; next attempt in %g s%s",
            worker.label,
            worker.how,
            delay_seconds,
            f"\n{worker.traceback}" if worker.traceback else "",
        )
        if broken := self._broken():
            self._described.set()
            self._settled.set()
            self._refuse_queued(broken)

    # --- keeping the number ---

    def _spawn(self, slot: Slot) -> None:
        label = f"{self.name}/{slot.number}"
        mark = f"{self._mark}{next(self._worker_ids)}:"
        worker = Worker(self._source, label, Launch(self._spool, mark), self)
        slot.worker = worker
        self._run(worker.open())
        if self._limits.warm_seconds:
            self._loop.call_later(self._limits.warm_seconds, self._end_unready, worker)

    def _end_unready(self, worker: Worker) -> None:
        if worker.state in (State.LOADING, State.WARMING):
            worker.kill(f"was not ready within {self._limits.warm_seconds:g} s")

    async def _respawn(self, slot: Slot, delay_seconds: float) -> None:
        while True:
            await asyncio.sleep(delay_seconds)
            try:
                return self._spawn(slot)
            except (OSError, RuntimeError) as error:
                slot.failures_count += 1
                delay_seconds = slot.delay_seconds()
                _log.error(
                    "[%s/%s] no process can be started: %s; next attempt in %g s",
                    self.name,
                    slot.number,
                    error,
                    delay_seconds,
                )

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def discard(reply: FromWorkerCalls) -> None:
    """Remove the file of an answer that nobody wants."""
    match reply:
        case Answer(path=path) if path:
            Path(path).unlink(missing_ok=True)
        case Failure():
            pass
