"""The calls of one model: the queue, and the workers that have room."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import deque
from collections.abc import Sequence

from deepaas.errors import (
    CallTimedOut,
    ModelUnavailable,
    QueueFull,
    QueueTimedOut,
    WorkerDied,
)
from deepaas.messages import CallProgress, Failure, Inputs, Reply
from deepaas.turns import TURN, USUAL_TURN
from deepaas.workers.ahead import AheadCalls
from deepaas.workers.call import Call
from deepaas.workers.numbers import CallOutcome, EndReason, PoolNumbers
from deepaas.workers.slot import Slots
from deepaas.workers.spool import Spool, discard
from deepaas.workers.status import PoolLimits
from deepaas.workers.terms import USUAL_TERMS, Terms
from deepaas.workers.waiting import Waiting
from deepaas.workers.worker import Worker

RETURNS_COUNT = 3
"""A call that so many workers had been sent ahead, and that have died then, may be the cause."""


class Calls:
    """Sends calls to workers, by priority and in order of arrival."""

    def __init__(
        self,
        name: str,
        limits: PoolLimits,
        slots: Slots,
        spool: Spool,
        numbers: PoolNumbers | None = None,
    ) -> None:
        self._name = name
        self._limits = limits
        self._slots = slots
        self._spool = spool
        self._numbers = numbers
        self._free: deque[Worker] = deque()
        self._waiting: Waiting[Call] = Waiting()
        self._ahead = AheadCalls(slots)
        self._refused = ""
        self._ids = itertools.count(1)
        self._loop = asyncio.get_running_loop()

    @property
    def queued_count(self) -> int:
        return len(self._waiting) + len(self._ahead)

    @property
    def room_count(self) -> int:
        count = 0
        for worker in self._free:
            if worker.takes_calls:
                count += worker.concurrency - len(worker.calls)
        return count

    def position(self, client_id: str) -> int | None:
        """The position of a call: 0 with a worker, from 1 on in the queue, None if unknown.

        A later call can get before it, by its priority.
        """
        working = (call for worker in self._slots.workers() for call in worker.calls.values())
        if any(call.client_id == client_id for call in working):
            return 0
        waiting = enumerate(itertools.chain(self._ahead, self._waiting), 1)
        return next((each for each, call in waiting if call.client_id == client_id), None)

    def progress(self, client_id: str) -> CallProgress | None:
        """What the model has reported of a call, None if it has not, or if the call is unknown."""
        working = (call for worker in self._slots.workers() for call in worker.calls.values())
        return next((call.progress for call in working if call.client_id == client_id), None)

    async def run(self, inputs: Inputs, client_id: str = "", terms: Terms = USUAL_TERMS) -> Reply:
        """Let a worker process a call; the caller must remove the file of the answer, if any.

        Raises ``QueueFull``, ``QueueTimedOut``, ``ModelUnavailable`` (the model failed to load),
        ``WorkerDied``, and ``CallTimedOut``. When cancelled, the call is removed from the
        queue or interrupted.
        """
        if self._refused:
            raise ModelUnavailable(self._name, self._refused, leaving=True)
        request = terms.request(next(self._ids), inputs)
        numbers = self._numbers
        call = Call(request, self._loop, client_id, terms.listener, numbers)
        if numbers is not None:
            call.arrived = time.monotonic()
        try:
            if not self._is_taken(call):
                self._enqueue(call)
            return await call.reply
        except asyncio.CancelledError:
            self._give_up(call)
            raise
        finally:
            if call.times is not None:
                call.times.tell(self._name, _error_of(call))

    def serve(self, worker: Worker) -> None:
        if not worker.takes_calls:
            return
        if self._waiting and not self._give_waiting(worker):
            return
        if worker.has_room and worker not in self._free:
            self._free.append(worker)
            if self._ahead:
                self._ahead.relieve(worker)

    def _give_waiting(self, worker: Worker) -> bool:
        """Give a worker as many calls as it takes; False if it was killed a moment ago."""
        while True:
            if worker.has_room:
                give = self._begin
            elif worker.batching is not None and worker.ahead_count > 0:
                give = self._ahead.send_to
            else:
                return True
            call = self._waiting.take()
            if not give(worker, call):
                self._waiting.put_back(call)
                return False
            if not self._waiting:
                return True

    def begun(self, worker: Worker, calls: Sequence[Call], *, batched: bool) -> None:
        """Those that were sent ahead begin, together with others if they are `batched`."""
        for call in calls:
            if call.ahead is not None:
                if self._ahead.left(call):
                    self._has_begun(worker, call)
                else:  # Its client has left, or its time in the queue is over.
                    call.numbers = None
                    self._interrupt(worker, call)
            call.batched = True
        if batched and self._numbers is not None:
            self._numbers.batches.add(len(calls))

    def returned(self, calls: Sequence[Call]) -> None:
        """They had been sent ahead, and are back."""
        for call in calls:
            if self._ahead.left(call):
                self._waiting.put_back(call)
        self._spread()

    def _spread(self) -> None:
        """Give waiting calls to all workers that have room."""
        while self._waiting:
            call = self._waiting.take()
            if not (self._is_taken(call) or self._ahead.send(call)):
                self._waiting.put_back(call)
                return

    def answered(self, call: Call, reply: Reply) -> None:
        if call.deadline is not None:
            _stop_clock(call)
        if call.numbers is not None:
            call.numbers.ended(call.reply, reply, time.monotonic() - call.begun)
            if not call.batched:
                call.numbers.batches.add(1)
        if call.reply.done():
            discard(reply)
        else:
            call.reply.set_result(reply)
        if isinstance(reply, Failure):
            # It may have been interrupted after writing one.
            self._spool.remove_result(call.id)

    def lost(self, worker: Worker, calls: Sequence[Call]) -> None:
        with contextlib.suppress(ValueError):
            self._free.remove(worker)
        for call in calls:
            self._spool.remove_result(call.id)
            if call.ahead is not None:
                self._is_back(call, worker.how)
                continue
            _stop_clock(call)
            if call.numbers is not None:
                call.numbers.ended(call.reply, None, time.monotonic() - call.begun)
            if not call.reply.done():
                call.reply.set_exception(WorkerDied(self._name, worker.how))
        self._spread()

    def _is_back(self, call: Call, how: str) -> None:
        """The worker to which it had been sent ahead has ended, not because of it as far as is
        known."""
        if not self._ahead.left(call):
            return
        call.returned_count += 1
        if call.returned_count < RETURNS_COUNT:
            self._waiting.put_back(call)
            return
        _stop_clock(call)
        if not call.reply.done():
            self._count(CallOutcome.DIED)
            call.reply.set_exception(WorkerDied(self._name, how))

    def replaced(self) -> None:
        self._free.clear()

    def refuse_waiting(self, reason: str, *, leaving: bool = False) -> None:
        refused = list(self._ahead)
        for call in refused:
            self._ahead.withdraw(call)
        while self._waiting:
            refused.append(self._waiting.take())
        for call in refused:
            _stop_clock(call)
            if not call.reply.done():
                self._count(CallOutcome.UNAVAILABLE)
                call.reply.set_exception(self.unavailable(reason, leaving=leaving))

    def refuse_all(self, reason: str) -> None:
        """Reject queued calls, calls in progress, and all later ones."""
        self._refused = reason
        self._free.clear()
        self.refuse_waiting(reason, leaving=True)
        for worker in self._slots.workers():
            for call in worker.calls.values():
                if not call.reply.done():
                    call.reply.set_exception(
                        ModelUnavailable(self._name, reason, leaving=True, begun=True)
                    )

    def unavailable(self, reason: str, *, leaving: bool = False) -> ModelUnavailable:
        """The error for an unavailable model, with the time after which to retry."""
        seconds = self._slots.delay_seconds()
        return ModelUnavailable(self._name, reason, seconds, leaving=leaving)

    def _is_taken(self, call: Call) -> bool:
        """Whether a free worker has begun it; there is none while calls are waiting."""
        while self._free:
            worker = self._free.popleft()
            if worker.takes_calls and self._begin(worker, call):
                if worker.has_room:
                    self._free.append(worker)
                return True
        return False

    def _enqueue(self, call: Call) -> None:
        if broken := self._slots.broken():
            self._count(CallOutcome.UNAVAILABLE)
            raise self.unavailable(broken)
        if self.queued_count >= self._limits.queue_size:
            self._count(CallOutcome.QUEUE_FULL)
            raise QueueFull(self._name, self._limits.queue_size)
        call.arrived = call.arrived or time.monotonic()
        turn, allowed_seconds = TURN.get(), self._limits.queue_seconds
        if allowed_seconds or turn is not USUAL_TURN:
            call.priority = turn.priority
            if seconds := turn.limit_seconds(allowed_seconds):
                call.deadline = self._loop.call_later(seconds, self._wait_no_more, call, seconds)
        if not self._waiting and self._ahead.send(call):
            return
        if not (self._ahead and self._ahead.overtake(call)):
            self._waiting.add(call)

    def _count(self, outcome: CallOutcome) -> None:
        """Count a call that no worker has begun."""
        if self._numbers is not None:
            self._numbers.outcomes[outcome] += 1

    def _begin(self, worker: Worker, call: Call) -> bool:
        """False if the worker was killed a moment ago."""
        if not worker.run(call):
            return False
        self._has_begun(worker, call)
        return True

    def _has_begun(self, worker: Worker, call: Call) -> None:
        call.batched = worker.batching is None
        if call.numbers is not None:
            call.begun = time.monotonic()
            call.numbers.queue.add(call.begun - call.arrived)
        if call.deadline is not None:
            _stop_clock(call)
        if self._limits.predict_seconds:
            call.deadline = self._loop.call_later(
                self._limits.predict_seconds, self._time_out, worker, call
            )

    def _wait_no_more(self, call: Call, seconds: float) -> None:
        """It has waited for so long in the queue."""
        waited = self._waiting.remove(call) or self._ahead.withdraw(call)
        if waited and not call.reply.done():
            self._count(CallOutcome.QUEUE_TIMED_OUT)
            call.reply.set_exception(QueueTimedOut(self._name, seconds))

    def _time_out(self, worker: Worker, call: Call) -> None:
        if not call.reply.done():
            call.reply.set_exception(CallTimedOut(self._name, self._limits.predict_seconds))
        why = f"was stopped: a call took longer than {self._limits.predict_seconds:g} s"
        worker.kill(why, EndReason.TIMED_OUT)

    def _give_up(self, call: Call) -> None:
        if call.reply.done() and not call.reply.cancelled():
            # The answer arrived at the same time as the cancellation.
            if call.reply.exception() is None:
                discard(call.reply.result())
            return
        for worker in self._slots.workers():
            if call.id in worker.calls:
                self._interrupt(worker, call)
                return
        if self._waiting.remove(call) or self._ahead.withdraw(call):
            _stop_clock(call)
            self._count(CallOutcome.CANCELLED)

    def _interrupt(self, worker: Worker, call: Call) -> None:
        worker.interrupt(call)
        grace_seconds = self._limits.cancel_grace_seconds
        self._loop.call_later(grace_seconds, self._end_unwanted, worker, call)

    def _end_unwanted(self, worker: Worker, call: Call) -> None:
        if call.id not in worker.calls:
            return
        if worker.batching is not None and not all(
            one.reply.done() for one in worker.calls.values()
        ):
            # It is in a batch with calls that are wanted.
            grace_seconds = self._limits.cancel_grace_seconds
            self._loop.call_later(max(grace_seconds, 0.1), self._end_unwanted, worker, call)
        else:
            worker.kill(
                "was stopped: a call whose client had disconnected did not end within "
                f"{self._limits.cancel_grace_seconds:g} s",
                EndReason.NOT_CANCELLED,
            )


def _stop_clock(call: Call) -> None:
    """Its limit, in the queue or in the worker, counts no more."""
    if call.deadline is not None:
        call.deadline.cancel()
        call.deadline = None


def _error_of(call: Call) -> str:
    """Why a call has failed, as a code; empty if it has not."""
    if not call.reply.done():
        return "refused"
    if call.reply.cancelled():
        return "cancelled"
    error = call.reply.exception()
    if error is not None:
        return getattr(error, "code", type(error).__name__)
    reply = call.reply.result()
    return reply.kind if isinstance(reply, Failure) else ""
