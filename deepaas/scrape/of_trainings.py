"""Metrics of training runs and stored predictions."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Iterator

from deepaas.errors import DeepaasError
from deepaas.metrics.families import Family, Kind
from deepaas.training.runs import FINAL, State
from deepaas.training.service import Trainings

STORE_SECONDS = 1.0
"""How long the first scrape waits for the store."""

KEPT_SECONDS = 10.0
"""How long the numbers of the store are used: counting reads all rows."""

OPEN = (State.QUEUED, State.RUNNING)


class TrainingMetrics:
    def __init__(self, trainings: Trainings) -> None:
        self._trainings = trainings
        self._looked: float | None = None
        self._looking: asyncio.Future[None] | None = None
        self._runs: dict[tuple[str, str], int] = {}
        self._predictions: dict[str, int] = {}

    async def look(self) -> None:
        """Ask the store, for the next scrape; without it, the previous numbers stay."""
        is_first = self._looked is None
        if self._trainings.status[0] != "ready" or (self._looking and not self._looking.done()):
            return
        if is_first or time.monotonic() >= (self._looked or 0.0) + KEPT_SECONDS:
            self._looked = time.monotonic()
            self._looking = asyncio.ensure_future(self._count())
            if is_first:
                await asyncio.wait([self._looking], timeout=STORE_SECONDS)

    async def _count(self) -> None:
        with contextlib.suppress(DeepaasError):
            store = await self._trainings.store()
            self._runs = await store.counts(OPEN)
            self._predictions = await store.predictions.counts()

    def families(self, models: Iterable[str]) -> Iterator[Family]:
        names = list(models)
        available = Family(
            "deepaas_training_available", Kind.GAUGE, "1 if the database of runs can be used."
        )
        available.add(int(self._trainings.status[0] == "ready"))
        yield available
        runs = Family(
            "deepaas_trainings",
            Kind.GAUGE,
            "Training runs that have not ended, of all hosts that share the database.",
            ("model", "state"),
        )
        for name in names:
            for state in OPEN:
                runs.add(self._runs.get((name, state.value), 0), name, state.value)
        yield runs
        ended = Family(
            "deepaas_trainings_ended",
            Kind.COUNTER,
            "Training runs that have ended in this host.",
            ("model", "state"),
        )
        seconds = Family(
            "deepaas_training_seconds",
            Kind.HISTOGRAM,
            "Time of training runs, from the start of their process to its end.",
            ("model",),
        )
        numbers = self._trainings.numbers
        for name in names:
            for state in sorted(FINAL):
                ended.add(numbers.ended[name, state], name, state.value)
            if name in numbers.seconds:
                seconds.add(numbers.seconds[name], name)
        yield ended
        yield seconds
        kept = Family(
            "deepaas_kept_predictions",
            Kind.GAUGE,
            "Asynchronous predictions in the database.",
            ("model",),
        )
        for name in names:
            kept.add(self._predictions.get(name, 0), name)
        yield kept
