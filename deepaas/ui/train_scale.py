"""Scales of a plot: convert values to positions, and place the ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

TICKS_COUNT = 5
LARGEST = 1e300
"""The difference of larger values may be infinite, and that of values below 1 / LARGEST zero."""

_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """One axis: maps values (least, most) to positions (begin, end); ``log`` for a logarithmic
    scale."""

    least: float
    most: float
    begin: float
    end: float
    log: bool = False

    def place(self, value: float) -> float:
        least, most = self._bent(self.least), self._bent(self.most)
        share = (self._bent(value) - least) / (most - least)
        return self.begin + share * (self.end - self.begin)

    def ticks(self) -> list[float]:
        """Return round values for the labels."""
        if self.log and self.most / self.least >= 10:
            return _powers(self.least, self.most)
        return _rounds(self.least, self.most)

    def _bent(self, value: float) -> float:
        return math.log10(value) if self.log else value


def scale_for(
    values: Sequence[float], begin: float, end: float, *, log: bool = False, margin: float = 0.0
) -> Scale:
    """Return a scale for finite values, which must be positive with ``log``; ``margin`` is a share
    of the range, added at both ends."""
    least, most = min(values), max(values)
    if log:
        factor = (most / least) ** margin if most > least else 2.0
        return Scale(least / factor, most * factor, begin, end, log)
    # A constant curve is in the middle.
    more = (most - least) * margin if most > least else abs(most) * 0.1 or 1.0
    return Scale(least - more, most + more, begin, end)


def number_words(value: float) -> str:
    """Format a number with a readable number of digits."""
    if value != 0 and not 1e-3 <= abs(value) < 1e6:
        mantissa, _, exponent = f"{value:.3g}".partition("e")
        return f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def _rounds(least: float, most: float) -> list[float]:
    rough = (most - least) / TICKS_COUNT
    if rough < 1 / LARGEST:
        return [least]
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(step for step in _STEPS if power * step >= rough * 0.999)
    first, last = math.ceil(least / step - 1e-9), math.floor(most / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _powers(least: float, most: float) -> list[float]:
    first, last = math.floor(math.log10(least)), math.ceil(math.log10(most))
    every = max(1, (last - first) // TICKS_COUNT)
    bases = (1, 2, 5) if last - first <= 2 else (1,)
    ticks = [base * 10.0**power for power in range(first, last + 1, every) for base in bases]
    return [tick for tick in ticks if least <= tick <= most]
