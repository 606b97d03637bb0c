"""Reads training runs from the host, once for all users."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from deepaas.client.runs import Run, Series
from deepaas.client.trainings import UNREACHABLE, TrainingApi, TrainingFiles, TrainingListing
from deepaas.ui.recent import Recent
from deepaas.ui.train_table import LOOK_SECONDS

FRESH_SECONDS = 0.75 * LOOK_SECONDS
"""Slightly less than the time between two updates, so that each update gets new data."""

FILES_SECONDS = 5.0
FINAL_SECONDS = 3600.0
"""Runs that have ended no longer change, unless they are removed."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Seen:
    """The data of one run. A string says why a part is missing."""

    run: Run
    metrics: Series | str
    log: str
    files: TrainingFiles | str


class Watcher:
    """Reads the training runs of one model."""

    def __init__(self, api: TrainingApi) -> None:
        self.api = api
        self._recent = Recent()

    def forget(self) -> None:
        self._recent.forget()

    async def listing(self, limit: int) -> TrainingListing:
        """Return the newest runs. Raises ``ClientError`` if the host does not respond."""
        return await self._recent.get(("list", limit), FRESH_SECONDS, lambda: self.api.list(limit))

    async def see(self, run: Run, *, whole: bool) -> Seen:
        """Return the data of a run; ``whole`` includes its log and files."""
        metrics, log, files = await asyncio.gather(
            self._part(run, "metrics", FRESH_SECONDS, lambda: self.api.metrics(run)),
            self._part(run, "logs" if whole else "", FRESH_SECONDS, lambda: self.api.log(run)),
            self._part(run, "files" if whole else "", FILES_SECONDS, lambda: self.api.files(run)),
        )
        return Seen(run, metrics, log, files)

    async def _part(
        self, run: Run, rel: str, seconds: float, ask: Callable[[], Awaitable[Answer]]
    ) -> Answer | str:
        if rel not in run.links or run.state == "queued":
            return ""
        try:
            return await self._recent.get(
                (rel, run.uuid, run.state), FINAL_SECONDS if run.final else seconds, ask
            )
        except UNREACHABLE as error:
            return str(error)
