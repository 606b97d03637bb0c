"""What a batch costs, measured; and for how long it pays to wait for more calls.

A batch of n items takes about a·n + b seconds.
"""

from __future__ import annotations

import math

MEMORY = 0.96
"""How much of an earlier measurement counts when a new one is added: the last 50 or so."""

FIRST_COUNT = 8
"""Before so many measurements, nothing is concluded."""

SMALLEST_SIZE = 8

GAIN = 0.95
"""A batch is large enough if it reaches this share of the best rate, 1/a."""

LONGEST_GAP_SECONDS = 1e-3
"""A lone request waits no longer."""

GAP_SHARE = 0.1
"""How long to wait for one more call, as a share of b, which each batch costs again."""

WAIT_SHARE = 0.5
"""How long to wait in all, as a share of b."""

LEAST_GAP_SECONDS = 50e-6
"""What is shorter is not waited for: a call takes longer on its way."""

LEVEL_SECONDS = 1.0
"""For so long it counts how many calls were there at once."""


class CostCurve:
    """A line fitted to the last batches; old ones fade."""

    def __init__(self) -> None:
        self._weight = self._n = self._t = self._nn = self._nt = 0.0
        self._count = 0

    def observe(self, count: int, seconds: float) -> None:
        if self._count >= FIRST_COUNT:
            # One that was disturbed must not bend the line; if all take longer, it follows.
            seconds = min(seconds, 3 * max(self.seconds(count), 1e-6))
        self._count += 1
        self._weight = self._weight * MEMORY + 1.0
        self._n = self._n * MEMORY + count
        self._t = self._t * MEMORY + seconds
        self._nn = self._nn * MEMORY + count * count
        self._nt = self._nt * MEMORY + count * seconds

    def line(self) -> tuple[float, float]:
        """a and b. With batches of one size only, all of it counts as b, half of it at most for
        larger ones: nothing is known about a."""
        if not self._weight:
            return 0.0, 0.0
        mean_n, mean_t = self._n / self._weight, self._t / self._weight
        variance = self._nn / self._weight - mean_n * mean_n
        if variance < 0.05:
            return 0.0, mean_t if mean_n < 1.5 else mean_t / 2
        a = (self._nt / self._weight - mean_n * mean_t) / variance
        a = min(max(a, 0.0), mean_t / mean_n)  # Neither of the two is negative.
        return a, mean_t - a * mean_n

    def seconds(self, count: int) -> float:
        a, b = self.line()
        return a * count + b

    @property
    def is_known(self) -> bool:
        return self._count >= FIRST_COUNT


class Patience:
    """Learns from batches, and decides how large they are and how long they wait."""

    def __init__(self) -> None:
        self.curve = CostCurve()
        self._levels: list[tuple[float, int]] = []
        self._size = 0
        self._b = 0.0

    def observe(self, count: int, seconds: float, waiting_count: int, now: float) -> None:
        """A batch has run; ``waiting_count`` calls have arrived meanwhile, or waited before."""
        self.curve.observe(count, seconds)
        # Two, because a batch of one often comes between: the first of those who ask again.
        self._levels = [*self._levels[-1:], (now, count + waiting_count)]
        if not self.curve.is_known:
            return
        a, self._b = self.curve.line()
        enough = math.inf if not a else GAIN / (1 - GAIN) * self._b / a
        self._size = 0 if math.isinf(enough) else max(SMALLEST_SIZE, math.ceil(enough))

    def size(self, limit: int) -> int:
        return min(self._size or limit, limit)

    def until(self, waiting_count: int, size: int, oldest: float, latest: float) -> float:
        """Until when it pays to wait for calls like those that were here a moment ago: as long as
        they keep coming."""
        gap = min(LONGEST_GAP_SECONDS, GAP_SHARE * self._b)
        expected = max(
            (count for at, count in self._levels if latest - at < LEVEL_SECONDS), default=0
        )
        if gap < LEAST_GAP_SECONDS or waiting_count >= min(expected, size):
            return -math.inf
        longest = LONGEST_GAP_SECONDS if waiting_count == 1 else WAIT_SHARE * self._b
        return min(latest + gap, oldest + longest)
