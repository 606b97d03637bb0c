"""What is counted of a pool's calls and workers, for metrics."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from enum import Enum

import msgspec

from deepaas.errors import CallTimedOut, WorkerDied
from deepaas.messages import Answer, Failure, Measured, Reply
from deepaas.metrics.distribution import Distribution, Summary
from deepaas.workers.out_of_memory import OutOfMemoryKills

NAMES_COUNT = 50
"""How many measurements of a model have their own name; its author may have made names of data."""

OTHER_NAMES = "other"
MAX_NAME_CHARACTERS = 100

BATCH_SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


class CallOutcome(str, Enum):
    """How calls end.

    ``INVALID``: their arguments were rejected; ``REFUSED``: the model raised an HTTP exception;
    ``CANCELLED``: the client left; ``QUEUE_TIMED_OUT``: it has waited too long for a worker;
    ``UNAVAILABLE``: no worker could be loaded, or the host stopped.
    """

    SUCCEEDED = "succeeded"
    INVALID = "invalid"
    REFUSED = "refused"
    FAILED = "failed"
    DIED = "died"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    QUEUE_FULL = "queue_full"
    QUEUE_TIMED_OUT = "queue_timed_out"
    UNAVAILABLE = "unavailable"

    __hash__ = str.__hash__  # The one of Enum is a function in Python.


class EndReason(str, Enum):
    """Why a worker had to be replaced.

    ``DIED`` by itself; ``KILLED`` by somebody else, ``OUT_OF_MEMORY`` by the system; ``BROKEN``:
    its model could not be loaded or warmed; ``TIMED_OUT``: a call took too long; ``NOT_CANCELLED``:
    one did not end after its client had left.
    """

    DIED = "died"
    KILLED = "killed"
    OUT_OF_MEMORY = "out_of_memory"
    BROKEN = "broken"
    TIMED_OUT = "timed_out"
    NOT_CANCELLED = "not_cancelled"
    UNRESPONSIVE = "unresponsive"
    START_TIMED_OUT = "start_timed_out"
    INVALID_MESSAGE = "invalid_message"
    RELOADED = "reloaded"
    STOPPED = "stopped"

    __hash__ = str.__hash__


_OUTCOMES = {
    "invalid_arguments": CallOutcome.INVALID,
    "malformed_request": CallOutcome.INVALID,
    "model_refused": CallOutcome.REFUSED,
}


_LOST: dict[type, CallOutcome] = {
    CallTimedOut: CallOutcome.TIMED_OUT,
    WorkerDied: CallOutcome.DIED,
}


class PoolNumbers:
    """Attributes:
    queue: seconds until a worker began a call.
    run: seconds from then to its end.
    batches: calls in a batch, if the model has batches.
    outcomes: of all calls, also of those that no worker has begun.
    restarts: replaced workers.
    scaled: changes of the number of workers by direction, ``up`` and ``down``.
    measurements: numbers that the model has recorded, by name.
    """

    def __init__(self, kills: OutOfMemoryKills) -> None:
        self.queue = Distribution()
        self.run = Distribution()
        self.batches = Distribution(BATCH_SIZES)
        self.outcomes: Counter[CallOutcome] = Counter()
        self.restarts: Counter[EndReason] = Counter()
        self.scaled: Counter[str] = Counter()
        self.measurements: dict[str, Summary] = {}
        self._kills = kills

    def ended(self, future: asyncio.Future[Reply], reply: Reply | None, seconds: float) -> None:
        """A call that a worker had begun; without a reply, its worker has died."""
        self.run.add(seconds)
        if type(reply) is Answer and not future.cancelled():
            self.outcomes[CallOutcome.SUCCEEDED] += 1
        else:
            self.outcomes[_outcome(future, reply)] += 1

    def replaced(self, reason: EndReason | None, *, broken: bool, killed: bool) -> None:
        """A worker must be replaced; ``reason`` is None if the host has not ended it."""
        if reason is None:
            reason = EndReason.BROKEN if broken else EndReason.DIED
            if killed:
                some = self._kills.are_new()
                reason = EndReason.OUT_OF_MEMORY if some else EndReason.KILLED
        self.restarts[reason] += 1

    def measured(self, news: Measured) -> None:
        try:
            value = msgspec.json.decode(news.value, type=float)
        except msgspec.MsgspecError:
            return  # Cog's metrics can also be texts and lists, or are removed.
        if not math.isfinite(value) or news.mode == "append":
            return
        name = news.name[:MAX_NAME_CHARACTERS]
        found = self.measurements.get(name)
        if found is None:
            if len(self.measurements) >= NAMES_COUNT:
                name = OTHER_NAMES
            found = self.measurements.setdefault(name, Summary())
        found.add(value)


def _outcome(future: asyncio.Future[Reply], reply: Reply | None) -> CallOutcome:
    if future.cancelled():
        return CallOutcome.CANCELLED
    if reply is None:
        told = future.exception() if future.done() else WorkerDied("", "")
        return _LOST.get(type(told), CallOutcome.UNAVAILABLE)
    if isinstance(reply, Failure):
        return _OUTCOMES.get(reply.kind, CallOutcome.FAILED)
    return CallOutcome.SUCCEEDED
