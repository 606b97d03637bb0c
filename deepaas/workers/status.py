"""Limits and status of a pool."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True)
class PoolLimits:
    """`predict_seconds`, `warm_seconds` (from start to ready) and `queue_seconds` (how long a call
    may wait for a worker) are 0 for no limit.

    The number of workers follows the load up to `most_workers_count`, if that is larger than
    `workers_count`; one that is not needed for `scale_down_seconds` is stopped.
    """

    workers_count: int
    queue_size: int
    predict_seconds: float
    warm_seconds: float
    cancel_grace_seconds: float
    queue_seconds: float = 0.0
    most_workers_count: int = 0
    scale_down_seconds: float = 60.0

    @property
    def is_range(self) -> bool:
        return self.most_workers_count > self.workers_count


class Status(msgspec.Struct, frozen=True):
    """`status` is ``loading``, ``warming``, ``ready`` or ``broken``.

    `workers_count` is that of the moment, and `workers_max_count` the most there can be; `batches`
    is how calls are joined, empty if they are not.
    """

    status: str
    reason: str
    workers_count: int
    workers_ready_count: int
    queued_count: int
    room_count: int
    restarts_count: int
    workers_max_count: int
    batches: str = ""
