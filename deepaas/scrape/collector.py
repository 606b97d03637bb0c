"""Collects all metrics of a host as text, without delaying its requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from deepaas.metrics.exposition import Format, rendered
from deepaas.metrics.families import Family, joined
from deepaas.model.registry import Registry
from deepaas.scrape.disk import Disk
from deepaas.scrape.gpus import Gpus
from deepaas.scrape.of_host import HostMetrics
from deepaas.scrape.of_models import ModelMetrics
from deepaas.scrape.of_trainings import TrainingMetrics
from deepaas.scrape.processes import of_this_process

SLICE_SECONDS = 0.002
"""How long a scrape works before it lets requests go on."""

Source = Callable[[], Iterable[Family]]


class MetricsCollector:
    """``sources`` are further parts that have metrics; ``trainings`` is None without them."""

    def __init__(
        self,
        registry: Registry,
        host: HostMetrics,
        trainings: TrainingMetrics | None,
        state: Path | None,
        sources: Sequence[Source],
    ) -> None:
        self._registry = registry
        self._host = host
        self._trainings = trainings
        self._disk = Disk(state)
        self._sources = sources
        self._gpus = Gpus()
        self._running: dict[Format, asyncio.Task[bytes]] = {}

    async def text(self, how: Format) -> bytes:
        """All metrics; those who ask at the same time get the same."""
        running = self._running.get(how)
        if running is None:
            running = self._running[how] = asyncio.ensure_future(self._collect(how))
            running.add_done_callback(lambda _: self._running.pop(how, None))
        return await asyncio.shield(running)

    async def _collect(self, how: Format) -> bytes:
        if self._trainings is not None:
            await self._trainings.look()
        pause = Pause()
        models = ModelMetrics()
        for model in self._registry:
            models.add(model)
            await pause.now_and_then()
        families = [*self._host.families(), *of_this_process(), self._disk.family()]
        families += models.families()
        if self._trainings is not None:
            families += self._trainings.families(model.name for model in self._registry)
        families += self._gpus.families()
        for source in self._sources:
            families += source()
            await pause.now_and_then()
        pieces = []
        for piece in rendered(joined(families), how):
            pieces.append(piece.encode())
            await pause.now_and_then()
        return b"".join(pieces)


class Pause:
    def __init__(self) -> None:
        self._until = time.perf_counter() + SLICE_SECONDS

    async def now_and_then(self) -> None:
        if time.perf_counter() >= self._until:
            await asyncio.sleep(0)
            self._until = time.perf_counter() + SLICE_SECONDS
