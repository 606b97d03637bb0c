"""Decides how many replicas a model needs; without a clock or processes of its own."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

UP_SECONDS = 1.0
"""Calls must have been waiting for this time before replicas are added; averages are of it, too."""

WAITING = 0.25
"""Fewer calls than this, on average, do not count as waiting: a queue is never quite empty."""

SETTLE_SECONDS = 1.5
"""A change of the load is in the averages completely after this time."""

BUSY = 0.8
"""Replicas that are busy for a larger part of the time than this are too few."""

FURTHER = 1.5
"""A second step within a minute goes further than needed, so that there is no third one."""

STEADY_SECONDS = 60.0
"""The number changes at most twice in this time if the load is steady."""


@dataclass(frozen=True)
class Load:
    """The load of a model at one moment.

    Attributes:
        waiting: calls in the queue.
        running: calls that workers process.
        capacity: calls that a worker processes at a time.
        ready: workers that accept calls.
    """

    waiting: int
    running: int
    capacity: int
    ready: int


class Scaling:
    """The number of replicas of one model. Times are seconds of any one clock.

    It goes up to what is needed now once calls have been waiting for a second, and down to the most
    that was needed since `down_seconds`. If it had to go up again soon after it went down, it next
    goes down after a minute at the earliest.

    Attributes:
        wanted: the number.
    """

    def __init__(self, least: int, most: int, down_seconds: float) -> None:
        self.wanted = least
        self._least = least
        self._most = most
        self._down_seconds = down_seconds
        self._loads: deque[tuple[float, float, float]] = deque()
        self._waiting_since: float | None = None
        self._needs: deque[tuple[float, int]] = deque()
        self._up = self._down = -math.inf
        self._began = math.inf
        self._is_hasty = False

    def look(self, now: float, load: Load) -> int:
        """Consider the load at this moment. Return the number of replicas."""
        if not load.ready:
            # It is loading or broken: what waits says nothing of how many are needed.
            self._waiting_since = None
            self._loads.clear()
            self._needs.clear()
            self._began = now
            return self.wanted
        self._began = min(self._began, now)
        waiting, demand = self._averages(now, load)
        self._keep(now, math.ceil(demand / BUSY))
        if waiting <= WAITING:
            self._waiting_since = None
            self._go_down(now)
            return self.wanted
        if self._waiting_since is None:
            self._waiting_since = now
        if now - self._waiting_since >= UP_SECONDS:
            self._go_up(now, demand)
        return self.wanted

    def _averages(self, now: float, load: Load) -> tuple[float, float]:
        """Waiting calls, and all calls, in units of what one worker processes at a time."""
        calls = load.waiting + load.running
        self._loads.append((now, load.waiting / load.capacity, calls / load.capacity))
        while self._loads[0][0] <= now - UP_SECONDS:
            self._loads.popleft()
        count = len(self._loads)
        return sum(one[1] for one in self._loads) / count, sum(
            one[2] for one in self._loads
        ) / count

    def _keep(self, now: float, need: int) -> None:
        """Remember how many replicas were needed; only what no later need exceeds."""
        while self._needs and self._needs[-1][1] <= need:
            self._needs.pop()
        self._needs.append((now, need))
        span = max(self._down_seconds, STEADY_SECONDS)
        while self._needs[0][0] < now - span:
            self._needs.popleft()

    def _go_up(self, now: float, demand: float) -> None:
        wanted = math.ceil(demand)
        if wanted <= self.wanted:
            return  # Those that are being started are enough.
        if now - self._up < STEADY_SECONDS:
            # The step before was too small for this load, which rises or varies.
            wanted = max(math.ceil(demand * FURTHER), self._needs[0][1])
        wanted = min(wanted, self._most)
        if wanted <= self.wanted:
            return
        self._is_hasty = now - self._down < STEADY_SECONDS
        self._up, self.wanted = now, wanted
        # What has waited for the new ones says nothing of how many are needed beside them.
        self._waiting_since = None
        self._loads.clear()

    def _go_down(self, now: float) -> None:
        seconds = max(self._down_seconds, 2 * SETTLE_SECONDS)
        if self._is_hasty:
            seconds = max(seconds, STEADY_SECONDS)
        if max(self._up, self._down, self._began) > now - seconds:
            return
        if self._needed_since(now - seconds) >= self.wanted:
            return
        # Without the time in which the load was falling: that would be several steps.
        need = max(self._needed_since(now - seconds + SETTLE_SECONDS), self._least)
        if need < self.wanted:
            self._down, self.wanted = now, need

    def _needed_since(self, since: float) -> int:
        return next(need for moment, need in self._needs if moment >= since)
