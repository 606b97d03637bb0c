"""How durations are distributed: what a histogram of Prometheus shows."""

from __future__ import annotations

import time
from bisect import bisect_left
from typing import NamedTuple

BUCKETS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0),
)
"""Upper bounds in seconds; each includes its bound. A prediction can take half an hour."""


class Exemplar(NamedTuple):
    """A request of a bucket, by the id of its trace; ``at`` is in seconds since the epoch."""

    trace_id: str
    value: float
    at: float


class Distribution:
    """Attributes:
    counts: of each bucket alone, and of all above the last bound.
    total: the sum of all values.
    exemplars: the latest of each bucket that has one.
    """

    __slots__ = ("bounds", "counts", "exemplars", "total")

    def __init__(self, bounds: tuple[float, ...] = BUCKETS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.exemplars: dict[int, Exemplar] | None = None

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    def add_traced(self, seconds: float, trace_id: str) -> None:
        self.add(seconds)
        if self.exemplars is None:
            self.exemplars = {}
        exemplar = Exemplar(trace_id, seconds, time.time())
        self.exemplars[bisect_left(self.bounds, seconds)] = exemplar


class Summary:
    """Number and sum of values whose range is unknown."""

    __slots__ = ("count", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
