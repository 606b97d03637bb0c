"""Log, metrics and events of a run, during and after it."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from deepaas.model.handle import HostedModel
from deepaas.training.folder import Folder
from deepaas.training.log import LogReader
from deepaas.training.metrics import Point, RunMetrics, Series
from deepaas.training.runs import TrainingRun
from deepaas.training.service import Trainings

POLL_SECONDS = 0.4

READ_BYTES = 64 * 1024
NEWS_BYTES = 32 * 1024
"""How much of a log is read at a time for events: it is in memory until it has been sent."""

NEWS_COUNT = 500
"""How many points are sent before other tasks get a turn."""

MAX_OFFSET_DIGITS = 15

KEPT_COUNT = 32
"""How many runs' metrics are cached, so that later requests only read new points."""


def is_offset(text: str) -> bool:
    """Whether a client's text is a plausible file offset."""
    return text.isascii() and text.isdigit() and len(text) <= MAX_OFFSET_DIGITS


@dataclass(frozen=True)
class Position:
    """A position: log offset in bytes, and wall time of the last metric in epoch seconds."""

    log: int = 0
    time: float = 0.0

    def __str__(self) -> str:
        # All digits: with a rounded time, points would be repeated.
        return f"{self.log}-{self.time!r}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Parse the result of ``str``; anything else is the beginning."""
        log, _, time = text.partition("-")
        try:
            seen = float(time or 0)
        except ValueError:
            return cls()
        return cls(int(log), seen) if is_offset(log) and math.isfinite(seen) else cls()


@dataclass(frozen=True)
class News:
    run: TrainingRun
    changed: bool
    progressed: bool
    points: list[Point]
    lines: list[str]
    position: Position


class Watching:
    def __init__(self, trainings: Trainings) -> None:
        self._trainings = trainings
        self._known: OrderedDict[str, tuple[RunMetrics, asyncio.Lock]] = OrderedDict()

    async def metrics(self, run: TrainingRun) -> dict[str, Series]:
        """Raises ``RunElsewhere``."""
        folder = self._trainings.folder(run)
        if run.uuid not in self._known:
            self._known[run.uuid] = (_metrics(folder, run), asyncio.Lock())
        self._known.move_to_end(run.uuid)
        while len(self._known) > KEPT_COUNT:
            self._known.popitem(last=False)
        metrics, lock = self._known[run.uuid]
        async with lock:
            await asyncio.to_thread(metrics.update)
            return await asyncio.to_thread(metrics.series)

    async def log_start(self, run: TrainingRun, lines_count: int) -> int:
        reader = LogReader(self._trainings.folder(run).log)
        return await asyncio.to_thread(reader.tail, lines_count)

    async def log(self, run: TrainingRun, offset: int = 0) -> AsyncIterator[bytes]:
        reader = LogReader(self._trainings.folder(run).log)
        end = await asyncio.to_thread(reader.size)
        while offset < end:
            begin, data = await asyncio.to_thread(reader.read, offset, READ_BYTES)
            if begin > offset:
                yield f"[… {begin - offset} bytes have been removed …]\n".encode()
            if not data:
                return
            yield data
            offset = begin + len(data)

    async def follow_log(
        self, model: HostedModel, run: TrainingRun, offset: int = 0
    ) -> AsyncIterator[tuple[int, list[str]]]:
        """Until the run has ended: the next offset in bytes, and new lines."""
        reader = LogReader(self._trainings.folder(run).log)
        while True:
            # Before reading the log: after the run has ended, the log is complete.
            run = await self._trainings.get(model, run.uuid)
            while True:
                offset, lines = await asyncio.to_thread(
                    reader.lines,
                    offset,
                    NEWS_BYTES,
                    unfinished=run.state.final,
                    line_bytes=READ_BYTES,
                )
                if not lines:
                    break
                yield offset, lines
            if run.state.final:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def follow(
        self, model: HostedModel, run: TrainingRun, position: Position = Position()
    ) -> AsyncGenerator[News, None]:
        folder = self._trainings.folder(run)
        reader = LogReader(folder.log)
        metrics = _metrics(folder, run)
        log, seen = position.log, position.time
        told: tuple[object, ...] = ()
        progress = None
        while True:
            # Before reading the log: after the run has ended, the log is complete.
            run = await self._trainings.get(model, run.uuid)
            points = await asyncio.to_thread(metrics.update)
            points = [point for point in points if point.wall_time > position.time]
            opening = told != _shown(run) and not run.state.final
            while len(points) > NEWS_COUNT:
                piece, points = points[:NEWS_COUNT], points[NEWS_COUNT:]
                seen = max([seen, *(point.wall_time for point in piece)])
                yield News(run, opening, False, piece, [], Position(log, seen))
                told, opening = (_shown(run) if opening else told), False
                await asyncio.sleep(0)
            seen = max([seen, *(point.wall_time for point in points)])
            log, lines = await asyncio.to_thread(
                reader.lines, log, NEWS_BYTES, unfinished=run.state.final, line_bytes=READ_BYTES
            )
            # The final state is sent after everything else.
            changed = told != _shown(run) and not (run.state.final and lines)
            progressed = run.progress is not None and run.progress != progress
            if changed or progressed or points or lines:
                yield News(run, changed, progressed, points, lines, Position(log, seen))
            progress = run.progress
            if changed:
                told = _shown(run)
            if not lines:
                if run.state.final:
                    return
                await asyncio.sleep(POLL_SECONDS)


def _metrics(folder: Folder, run: TrainingRun) -> RunMetrics:
    return RunMetrics(lambda: [folder.files, *folder.watched()], run.started or run.created)


def _shown(run: TrainingRun) -> tuple[object, ...]:
    return run.state, run.message, run.cancel_requested is not None
