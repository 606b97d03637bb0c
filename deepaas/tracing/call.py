"""The spans of one prediction: queue, transfer, check, run and encode."""

from __future__ import annotations

import time
from collections.abc import Callable

from deepaas.messages import Timed

AddSpan = Callable[[str, int, int, dict[str, str], str], None]
"""Name, begin, end, attributes and error."""


class CallTimes:
    """When the parts of a call began, as the host and the worker know it.

    Attributes:
        worker: where it ran.
        timed: what the worker tells; None if it has not answered.
    """

    __slots__ = ("_add", "_queued_ns", "_sent_ns", "timed", "worker")

    def __init__(self, add: AddSpan) -> None:
        self._add = add
        self._queued_ns = time.time_ns()
        self._sent_ns = 0
        self.worker = ""
        self.timed: Timed | None = None

    def sent(self, worker: str) -> None:
        self.worker = worker
        self._sent_ns = time.time_ns()

    def tell(self, model: str, error: str) -> None:
        """Add the spans when the call has ended. ``error``: why it failed, as a code."""
        now = time.time_ns()
        attributes = {"deepaas.model": model}
        if not self._sent_ns:
            self._add("queue", self._queued_ns, now, attributes, error)
            return
        self._add("queue", self._queued_ns, self._sent_ns, attributes, "")
        attributes = {**attributes, "deepaas.worker": self.worker}
        parts = self._parts(now)
        for position, (name, began, ended) in enumerate(parts):
            is_last = position == len(parts) - 1
            self._add(name, began, ended, attributes, error if is_last else "")

    def _parts(self, now: int) -> list[tuple[str, int, int]]:
        """Names, begins and ends. One that failed is the last."""
        if self.timed is None:
            return [("run", self._sent_ns, now)]
        before = self._sent_ns
        parts = []
        timed = self.timed
        for name, moment in (
            ("transfer", timed.received_ns),
            ("check", timed.checked_ns),
            ("run", timed.ran_ns),
            ("encode", timed.ended_ns),
        ):
            is_last = not moment
            # Clocks of other machines differ.
            ended = min(max(moment or timed.ended_ns, before), now)
            parts.append((name, before, ended))
            before = ended
            if is_last:
                break
        return parts
