"""Limits and status of a pool."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True)
class PoolLimits:
    """`predict_seconds`, `warm_seconds` (from start to ready) and `queue_seconds` (how long a call
    may wait for a worker) are 0 for no limit."""

    workers_count: int
    queue_size: int
    predict_seconds: float
    warm_seconds: float
    cancel_grace_seconds: float
    queue_seconds: float = 0.0


class Status(msgspec.Struct, frozen=True):
    """`status` is ``loading``, ``warming``, ``ready`` or ``broken``."""

    status: str
    reason: str
    workers_count: int
    workers_ready_count: int
    queued_count: int
    room_count: int
    restarts_count: int
