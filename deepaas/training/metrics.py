"""The metrics of a run, from the TensorBoard event files that it writes.

A metric has the name that TensorBoard shows: the tag, prefixed by the folder of its event file
relative to the watched folder (``train/epoch_loss``).

If a training continues from a checkpoint, TensorBoard drops points of the first writer from the
second one's first step on, which it guesses. Here all points are kept, in the order in which they
were read (files by name, which starts with the time of creation): points that clients have are
never removed, and steps that go backwards are not mistaken for a restart.
"""

from __future__ import annotations

import os
import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from deepaas.training.event_files import EventFile, Scalar

MAX_POINTS = 10_000

MAX_ALL_POINTS = 1_000_000
"""Limit for all metrics together: if there are many, fewer points are kept of each."""

MAX_METRICS = 1000
MAX_FILES = 1000

MAX_NEW_POINTS = 100_000

MAX_DEPTH = 8
MAX_ENTRIES = 100_000

_READ_POINTS = 10_000


class Point(NamedTuple):
    """`value` can be NaN or infinite; `wall_time` is in seconds since the epoch."""

    name: str
    step: int
    value: float
    wall_time: float


@dataclass
class Series:
    """The points of one metric, in the order in which they were read; units as in `Point`."""

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    wall_times: list[float] = field(default_factory=list)


class RunMetrics:
    """Reads the metrics of one run, during or after it. All methods block.

    `roots` need not exist; the first is the run's own folder. `since` is in seconds since the
    epoch: older event files in the other folders belong to other runs.
    """

    def __init__(self, roots: Callable[[], Sequence[Path]], since: float) -> None:
        self._roots = roots
        self._since = since
        self._files: dict[str, _EventFile] = {}
        self._updating = threading.Lock()
        self._lock = threading.Lock()
        self._series: dict[str, _Thinned] = {}

    def update(self) -> list[Point]:
        """The new points; at most the last 100,000."""
        new: deque[Point] = deque(maxlen=MAX_NEW_POINTS)
        with self._updating:
            self._find()
            for file in self._files.values():
                going = True
                while going:
                    scalars = file.events.read(_READ_POINTS)
                    with self._lock:
                        new.extend(self._add(file.prefix, scalars))
                    going = len(scalars) >= _READ_POINTS
        return list(new)

    def series(self) -> dict[str, Series]:
        """All metrics, evenly thinned out to at most 10,000 points each, including the last."""
        with self._lock:
            return {name: thinned.copy() for name, thinned in self._series.items()}

    def _add(self, prefix: str, scalars: list[Scalar]) -> Iterator[Point]:
        for tag, step, value, wall_time in scalars:
            name = prefix + tag
            series = self._series.get(name)
            if series is None:
                if len(self._series) >= MAX_METRICS:
                    continue
                series = self._series[name] = _Thinned()
            limit = min(MAX_POINTS, MAX_ALL_POINTS // len(self._series))
            series.add(step, value, wall_time, limit)
            yield Point(name, step, value, wall_time)

    def _find(self) -> None:
        for index, root in enumerate(self._roots()):
            # Roots may be nested: a file belongs to the first in which it was found.
            real = os.path.realpath(root)
            for path, folder in sorted(_event_files(real)):
                if path in self._files:
                    continue
                if len(self._files) >= MAX_FILES:
                    return
                if index and not _written_since(path, self._since):
                    continue
                prefix = f"{_text(folder)}/" if folder else ""
                self._files[path] = _EventFile(EventFile(Path(path)), prefix)


class _EventFile(NamedTuple):
    events: EventFile
    prefix: str


class _Thinned:
    """Keeps every point, later every second, every fourth and so on, and always the last."""

    def __init__(self) -> None:
        # A quarter of the size of lists.
        self._steps = array("q")
        self._values = array("d")
        self._wall_times = array("d")
        self._stride = 1
        self._count = 0
        self._last_is_extra = False

    def add(self, step: int, value: float, wall_time: float, limit: int) -> None:
        """`limit`: at least two."""
        columns = self._steps, self._values, self._wall_times
        if self._last_is_extra:
            for column in columns:
                del column[-1]
        while len(self._steps) >= limit:
            self._stride *= 2
            for column in columns:
                del column[1::2]
        self._steps.append(step)
        self._values.append(value)
        self._wall_times.append(wall_time)
        self._last_is_extra = self._count % self._stride != 0
        self._count += 1

    def copy(self) -> Series:
        return Series(self._steps.tolist(), self._values.tolist(), self._wall_times.tolist())


def _event_files(root: str) -> Iterator[tuple[str, str]]:
    """Event files, with their folders relative to the root. Links to folders are not followed.

    Files near the root are found first, so that many files further down do not hide them.
    """
    waiting = deque([("", 0)])
    entries_left = MAX_ENTRIES
    while waiting:
        folder, depth = waiting.popleft()
        try:
            with os.scandir(os.path.join(root, folder)) as entries:  # noqa: PTH118
                for entry in entries:
                    entries_left -= 1
                    if entries_left < 0:
                        return
                    if entry.is_dir(follow_symlinks=False):
                        if depth < MAX_DEPTH:
                            below = f"{folder}/{entry.name}" if folder else entry.name
                            waiting.append((below, depth + 1))
                    elif "tfevents" in entry.name and entry.is_file(follow_symlinks=False):
                        yield entry.path, folder
        except OSError:
            continue


def _written_since(path: str, since: float) -> bool:
    try:
        return os.stat(path).st_mtime >= since  # noqa: PTH116
    except OSError:
        return False


def _text(folder: str) -> str:
    """Replaces bytes that are not UTF-8, which could not be sent."""
    return os.fsencode(folder).decode("utf-8", "replace")
