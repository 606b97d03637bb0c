"""Draws the metrics of training runs as SVG: one plot per metric, with a curve for each run.

Gradio's plot components are not used: they redraw the plot for each new point, need up to 4 MB of
script, and are not accessible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from deepaas.client.runs import Series
from deepaas.ui.train_scale import LARGEST, Scale, number_words, scale_for

COLORS_COUNT = 8
"""Number of runs that can be distinguished."""

WIDTH, HEIGHT = 440, 250
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 10, 40

MARKED_COUNT = 60
"""A curve with at most this many points marks each of them."""

BUCKETS_COUNT = 300
"""A curve with more than two points per bucket shows the minimum and maximum of each bucket."""


@dataclass(frozen=True)
class Curve:
    """Steps and values of one metric in one training run; ``color`` is a number."""

    name: str
    color: int
    points: Sequence[tuple[float, float]]


def curves_html(measured: Sequence[tuple[str, Series]], *, log: bool = False) -> str:
    """Return plots of all metrics; ``measured`` has the name and metrics of each run."""
    names = sorted({name for _, series in measured for name, points in series.items() if points})
    plots = []
    for name in names:
        curves = [
            Curve(run, number % COLORS_COUNT, series[name])
            for number, (run, series) in enumerate(measured)
            if series.get(name)
        ]
        plots.append(_plot(name, curves, log))
    return f'<div class="plots">{"".join(plots)}</div>' if plots else ""


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Reduce the number of points, and keep all peaks."""
    count = len(points)
    if count <= 2 * BUCKETS_COUNT:
        return list(points)
    kept = {0, count - 1}
    for bucket in range(BUCKETS_COUNT):
        begin, end = bucket * count // BUCKETS_COUNT, (bucket + 1) * count // BUCKETS_COUNT
        kept.add(min(range(begin, end), key=lambda at: points[at][1]))
        kept.add(max(range(begin, end), key=lambda at: points[at][1]))
    return [points[at] for at in sorted(kept)]


def _plot(name: str, curves: Sequence[Curve], log: bool) -> str:
    shown = [
        Curve(curve.name, curve.color, thinned([p for p in curve.points if _can_show(p, log)]))
        for curve in curves
    ]
    places = [point for curve in shown for point in curve.points]
    if not places:
        why = "no values above 0, so nothing on a logarithmic scale" if log else "no finite values"
        return f"<figure><figcaption>{escape(name)}</figcaption><p>{why}</p></figure>"
    x = scale_for([step for step, _ in places], LEFT, WIDTH - RIGHT)
    y = scale_for([value for _, value in places], HEIGHT - BOTTOM, TOP, log=log, margin=0.05)
    lines = "".join(line for curve in shown for line in _lines(curve, x, y))
    said = "; ".join(f"{curve.name} {_last_words(curve)}" for curve in curves)
    return (
        f"<figure><figcaption>{escape(name)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(f"{name}: {said}")}">{_axes(x, y)}{lines}</svg>'
        f'<ul class="legend">{"".join(map(_legend, curves))}</ul></figure>'
    )


def _can_show(point: tuple[float, float], log: bool) -> bool:
    return all(abs(one) < LARGEST for one in point) and (point[1] > 0 or not log)


def _axes(x: Scale, y: Scale) -> str:
    parts = []
    for tick in y.ticks():
        at = f"{y.place(tick):.1f}"
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text class="y" x="{LEFT - 6}" y="{at}">{number_words(tick)}</text>')
    bottom = HEIGHT - BOTTOM
    for tick in x.ticks():
        if tick != int(tick):
            continue  # Steps are integers.
        at = f"{x.place(tick):.1f}"
        parts.append(f'<line class="tick" x1="{at}" x2="{at}" y1="{bottom}" y2="{bottom + 4}"/>')
        parts.append(f'<text class="x" x="{at}" y="{bottom + 16}">{number_words(tick)}</text>')
    parts.append(
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>'
    )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="x" x="{middle:.0f}" y="{HEIGHT - 6}">step</text>')
    return "".join(parts)


def _lines(curve: Curve, x: Scale, y: Scale) -> Iterator[str]:
    if len(curve.points) > 1:
        places = " ".join(f"{x.place(s):.1f},{y.place(v):.1f}" for s, v in curve.points)
        yield f'<polyline class="curve c{curve.color}" points="{places}"/>'
    if len(curve.points) <= MARKED_COUNT:
        for step, value in curve.points:
            told = f"{curve.name} · step {number_words(step)}: {number_words(value)}"
            yield (
                f'<circle class="c{curve.color}" cx="{x.place(step):.1f}" '
                f'cy="{y.place(value):.1f}" r="3"><title>{escape(told)}</title></circle>'
            )


def _legend(curve: Curve) -> str:
    sample = (
        f'<svg class="sample" viewBox="0 0 24 8" aria-hidden="true">'
        f'<polyline class="curve c{curve.color}" points="0,4 24,4"/></svg>'
    )
    return f"<li>{sample}<b>{escape(curve.name)}</b> {escape(_last_words(curve))}</li>"


def _last_words(curve: Curve) -> str:
    step, value = curve.points[-1]
    return f"{number_words(value)} at step {number_words(step)}"


CSS = """
.plots { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); }
figure { margin: 0; padding: 0.75rem; min-width: 0; border: 1px solid var(--border-color-primary);
  border-radius: var(--block-radius); background: var(--block-background-fill); }
figcaption { font-weight: 600; overflow-wrap: anywhere; margin-bottom: 0.25rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 12px; fill: var(--body-text-color); }
svg text.y { text-anchor: end; dominant-baseline: middle; }
svg text.x { text-anchor: middle; }
svg .grid { stroke: var(--border-color-primary); stroke-width: 1; }
svg .axis, svg .tick { stroke: var(--body-text-color-subdued); stroke-width: 1; }
svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; margin: 0; padding: 0;
  font-size: var(--text-sm); }
.legend li { display: flex; align-items: center; gap: 0.4rem; margin: 0; }
.legend b { font-family: var(--font-mono); font-weight: 600; }
.legend .sample { width: 24px; height: 8px; flex: none; }
.c0 { --c: #1d4ed8; } .c1 { --c: #c2410c; } .c2 { --c: #15803d; } .c3 { --c: #a21caf; }
.c4 { --c: #0e7490; } .c5 { --c: #b91c1c; } .c6 { --c: #6d28d9; } .c7 { --c: #57534e; }
.dark & .c0 { --c: #93c5fd; } .dark & .c1 { --c: #fdba74; } .dark & .c2 { --c: #86efac; }
.dark & .c3 { --c: #f0abfc; } .dark & .c4 { --c: #67e8f9; } .dark & .c5 { --c: #fca5a5; }
.dark & .c6 { --c: #c4b5fd; } .dark & .c7 { --c: #d6d3d1; }
polyline { stroke: var(--c); }
circle { fill: var(--c); }
polyline.c1 { stroke-dasharray: 7 3; } polyline.c2 { stroke-dasharray: 2 3; }
polyline.c3 { stroke-dasharray: 10 3 2 3; } polyline.c4 { stroke-dasharray: 4 2; }
polyline.c5 { stroke-dasharray: 12 4; } polyline.c6 { stroke-dasharray: 1 4; }
polyline.c7 { stroke-dasharray: 6 2 1 2 1 2; }
"""
