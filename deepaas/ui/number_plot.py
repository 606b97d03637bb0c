"""Plots lists of numbers in a result."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from deepaas.ui.train_curves import thinned
from deepaas.ui.train_scale import LARGEST, number_words, scale_for

LEAST_COUNT = 3
"""Shorter lists are easier to read than a plot."""

MAX_PLOTS_COUNT = 4

WIDTH, HEIGHT = 440, 170
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 8, 26


def plots(value: Any) -> str:
    """Plot a list of numbers, or those in an object, as HTML; empty if there are none."""
    found = {"": value} if isinstance(value, list) else value
    if not isinstance(found, Mapping):
        return ""
    lists = [(name, numbers) for name, one in found.items() if (numbers := _numbers(one))]
    drawn = "".join(_plot(str(name), numbers) for name, numbers in lists[:MAX_PLOTS_COUNT])
    return f'<div class="number-plots">{drawn}</div>' if drawn else ""


def _numbers(value: Any) -> list[float]:
    """Return the numbers of a list that can be plotted."""
    if not isinstance(value, list) or len(value) < LEAST_COUNT:
        return []
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in value):
        return []
    try:
        numbers = [float(one) for one in value]
    except OverflowError:
        return []
    return numbers if all(abs(one) < LARGEST for one in numbers) else []


def _plot(name: str, numbers: list[float]) -> str:
    x = scale_for([0.0, len(numbers) - 1.0], LEFT, WIDTH - RIGHT)
    y = scale_for(numbers, HEIGHT - BOTTOM, TOP, margin=0.05)
    parts = []
    for tick in y.ticks():
        at = f"{y.place(tick):.1f}"
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text class="y" x="{LEFT - 6}" y="{at}">{number_words(tick)}</text>')
    for tick in x.ticks():
        if tick == int(tick):
            at = f"{x.place(tick):.1f}"
            parts.append(f'<text class="x" x="{at}" y="{HEIGHT - 8}">{number_words(tick)}</text>')
    points = thinned([(float(at), number) for at, number in enumerate(numbers)])
    places = " ".join(f"{x.place(at):.1f},{y.place(number):.1f}" for at, number in points)
    said = (
        f"{name or 'Result'}: {len(numbers)} numbers, from {number_words(min(numbers))} "
        f"to {number_words(max(numbers))}"
    )
    caption = f"<figcaption>{escape(said)}</figcaption>"
    return (
        f'<figure>{caption}<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(said)}">{"".join(parts)}<polyline points="{places}"/></svg></figure>'
    )


CSS = """
.number-plots { display: grid; gap: 0.75rem; }
.number-plots figure { margin: 0; padding: 0.6rem; border: 1px solid var(--border-color-primary);
  border-radius: 6px; background: var(--block-background-fill); }
.number-plots figcaption { font-size: var(--text-sm); color: var(--body-text-color); }
.number-plots svg { display: block; width: 100%; height: auto; }
.number-plots line { stroke: var(--border-color-primary); }
.number-plots polyline { fill: none; stroke: #1d4ed8; stroke-width: 2; stroke-linejoin: round; }
.dark .number-plots polyline { stroke: #93c5fd; }
.number-plots text { font-size: 12px; fill: var(--body-text-color); }
.number-plots text.y { text-anchor: end; dominant-baseline: middle; }
.number-plots text.x { text-anchor: middle; }
"""
