"""What a pool may take, and how it is."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True)
class PoolLimits:
    """What a pool may take.

    Attributes:
        workers_count: replicas of the model.
        queue_size: calls that may wait.
        predict_seconds: longest call, 0 for no limit.
        warm_seconds: longest time from start to ready, 0 for no limit.
        cancel_grace_seconds: how long an interrupted call may take to end.
    """

    workers_count: int
    queue_size: int
    predict_seconds: float
    warm_seconds: float
    cancel_grace_seconds: float


class Status(msgspec.Struct, frozen=True):
    """How a pool is.

    Attributes:
        status: ``loading``, ``warming``, ``ready`` or ``broken``.
        reason: why it is broken.
        workers_count: replicas wanted.
        workers_ready_count: replicas that take calls.
        queued_count: calls that wait.
        room_count: calls that would begin at once.
        restarts_count: workers that had to be replaced since the start.
    """

    status: str
    reason: str
    workers_count: int
    workers_ready_count: int
    queued_count: int
    room_count: int
    restarts_count: int
