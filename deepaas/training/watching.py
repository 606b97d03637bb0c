"""What there is to see of a run, while it runs and afterwards."""

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
"""So much of a log is read for who follows it: it stays in memory until they have read it."""

NEWS_COUNT = 500
"""So many points are told at once: somebody else gets a turn then."""

MAX_OFFSET_DIGITS = 15

KEPT_COUNT = 32
"""So many runs' metrics are held in memory, so that asking again reads only what is new."""


def is_offset(text: str) -> bool:
    """Whether a client's text is a number that a file can be as long as."""
    return text.isascii() and text.isdigit() and len(text) <= MAX_OFFSET_DIGITS


@dataclass(frozen=True)
class Position:
    """Up to where: offset in bytes; wall time of the last metric, seconds since the epoch."""

    log: int = 0
    time: float = 0.0

    def __str__(self) -> str:
        # All its digits: what was seen up to a rounded moment would be told again.
        return f"{self.log}-{self.time!r}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read what ``str`` made; anything else is the beginning."""
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
                yield f"[… {begin - offset} bytes are not kept any more …]\n".encode()
            if not data:
                return
            yield data
            offset = begin + len(data)

    async def follow_log(
        self, model: HostedModel, run: TrainingRun, offset: int = 0
    ) -> AsyncIterator[tuple[int, list[str]]]:
        """Until the run has ended: where to go on (in bytes), and new lines before that."""
        reader = LogReader(self._trainings.folder(run).log)
        while True:
            # Asked before reading: what is read after a run has ended is all there will be.
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
            # Asked before reading: what is read after a run has ended is all there will be.
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
            # The last word on a run comes when all else has been told.
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
