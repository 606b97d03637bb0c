"""Number and duration of inferences: Triton's extension_statistics."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

_UNKNOWN = ("queue", "compute_input", "compute_output", "cache_hit", "cache_miss")
"""Statistics of Triton that are not measured here."""


class Durations:
    def __init__(self) -> None:
        self.count = 0
        self.ns = 0

    def add(self, ns: int) -> None:
        self.count += 1
        self.ns += ns

    def told(self) -> dict[str, int]:
        return {"count": self.count, "ns": self.ns}


class InferenceStatistics:
    """The statistics of one model since the host was started."""

    def __init__(self) -> None:
        self.last_ms = 0
        self.succeeded, self.failed = Durations(), Durations()

    def told(self, name: str, version: str) -> dict[str, Any]:
        return {
            "name": name,
            "version": version,
            "last_inference": self.last_ms,
            "inference_count": self.succeeded.count,
            "execution_count": self.succeeded.count,
            "inference_stats": {
                "success": self.succeeded.told(),
                "fail": self.failed.told(),
                # From request to response: only the pool knows how long a call was queued.
                "compute_infer": self.succeeded.told(),
                **{name: Durations().told() for name in _UNKNOWN},
            },
            "batch_stats": [],
        }

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Count an inference; an exception counts as a failure."""
        began = time.perf_counter_ns()
        try:
            yield
        except BaseException:
            self.failed.add(time.perf_counter_ns() - began)
            raise
        self.succeeded.add(time.perf_counter_ns() - began)
        self.last_ms = time.time_ns() // 1_000_000
