"""The object for one training run."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from deepaas.client.api import Api
from deepaas.client.description import Model
from deepaas.client.errors import (
    Busy,
    ConnectionFailed,
    NotReady,
    NotSupported,
    TimedOut,
    TrainingNotFound,
)
from deepaas.client.notebook import training_html
from deepaas.client.paths import file_for, replacing
from deepaas.client.runs import Progress, Run
from deepaas.client.trainings import FORGOTTEN, File, TrainingApi

FIRST_LOOK_SECONDS = 0.1
LOOK_SECONDS = 1.0
"""Hosts record progress once a second."""

AWAY_SECONDS = 30.0
"""How long a host may be unreachable, for example during a restart."""


class Shown(ABC):
    """The known state of a training run; `refresh` updates it."""

    @property
    @abstractmethod
    def run(self) -> Run:
        """Everything the host has reported about it."""

    @property
    @abstractmethod
    def model(self) -> str:
        """The name of the model that is trained."""

    @property
    def uuid(self) -> str:
        """The id of the run."""
        return self.run.uuid

    @property
    def state(self) -> str:
        """``queued``, ``running``, ``done``, ``error``, ``cancelled`` or ``interrupted``."""
        return self.run.state

    @property
    def ended(self) -> bool:
        """Whether its state is final."""
        return self.run.final

    @property
    def args(self) -> Any:
        """Its arguments."""
        return self.run.args

    @property
    def date(self) -> datetime | None:
        """When it was requested, in the host's local time."""
        return self.run.date

    @property
    def result(self) -> Any:
        """The result of ``train``, None until it has returned."""
        return self.run.result

    @property
    def message(self) -> str:
        """The reason for its state, or empty."""
        return self.run.message

    @property
    def error(self) -> str | None:
        """Why it failed or was interrupted, None otherwise."""
        return self.run.message if self.run.state in ("error", "interrupted") else None

    @property
    def progress(self) -> Progress | None:
        """Its progress, None if it has not reported any."""
        return self.run.progress

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.uuid} of {self.model}: {self.state}>"

    def _repr_html_(self) -> str:
        return training_html(self.run, self.model)


class AsyncTraining(Shown):
    """A training run: its state, and what you can do with it."""

    def __init__(self, api: Api, model: Model, run: Run) -> None:
        self._run = run
        self._api = api
        self._model = model
        self._trainings = TrainingApi(api, model)

    @property
    def run(self) -> Run:
        """Everything the host has reported about it."""
        return self._run

    @property
    def model(self) -> str:
        """The name of the model that is trained."""
        return self._model.name

    async def refresh(self) -> AsyncTraining:
        """Get the current state from the host; returns itself."""
        self._run = await self._trainings.get(self.uuid)
        return self

    async def wait(self, timeout: float | None = None) -> AsyncTraining:
        """Wait for its end, successful or not (see `state`). Returns itself.

        Raises:
            TimeoutError: it has not ended after `timeout` seconds. It continues.
            ClientError: the host was unreachable for too long.
        """
        try:
            await asyncio.wait_for(self._until_ended(), timeout)
        except TimedOut:
            raise
        except asyncio.TimeoutError:
            if self.ended:
                return self
            raise TimeoutError(
                f"training {self.uuid} has not ended after {timeout:g} s: it is {self.state}"
            ) from None
        return self

    async def watch(self) -> AsyncGenerator[AsyncTraining, None]:
        """Yield its state now, and whenever its state or progress changes, until its end."""
        told: tuple[object, ...] = ()
        seconds = FIRST_LOOK_SECONDS
        while True:
            await self._look()
            run = self.run
            news = (run.state, run.message, run.cancelling, run.progress)
            if news != told:
                told = news
                yield AsyncTraining(self._api, self._model, run)
            if run.final:
                return
            await asyncio.sleep(seconds)
            seconds = min(LOOK_SECONDS, seconds * 1.5)

    async def log(self, follow: bool = False) -> AsyncGenerator[str, None]:
        """Its log, line by line; with `follow`, also new lines until its end.

        Raises NotSupported for DEEPaaS 2.x, which has no logs, metrics and files of runs.
        """
        self._require("log")
        if not follow:
            async for line in self._trainings.lines(self.run):
                yield line
            return
        seen, failures_count = "", 0
        while True:
            # A stream that starts after the end is complete.
            complete = self.ended
            try:
                async with aclosing(self._trainings.lines_to_come(self.run, seen)) as events:
                    async for event in events:
                        seen, failures_count = event.id, 0
                        for line in event.data.split("\n"):
                            yield line
                if complete:
                    return
            except (ConnectionFailed, Busy, NotReady):
                failures_count += 1
                if not self._api.retries or failures_count * LOOK_SECONDS > AWAY_SECONDS:
                    raise
                await asyncio.sleep(LOOK_SECONDS)
            await self._look()

    async def metrics(self) -> dict[str, list[tuple[int, float]]]:
        """Its metrics by name, as steps and values."""
        self._require("metrics")
        series = await self._trainings.metrics(self.run)
        return {
            name: [(int(step), value) for step, value in points] for name, points in series.items()
        }

    async def files(self) -> list[File]:
        """Its files, even while it is running; at most 10,000."""
        self._require("files")
        return list((await self._trainings.files(self.run)).entries)

    async def download(self, path: str | File, to: str | Path) -> Path:
        """Download one of its files to a file or folder; returns the path."""
        self._require("files")
        wanted = path.path if isinstance(path, File) else path
        target = file_for(Path(to), Path(wanted).name)
        with replacing(target) as partial:
            await self._trainings.download(self.run, wanted, partial)
        return target

    async def cancel(self) -> None:
        """Cancel it, and wait up to 30 s for its end; no effect if it has ended."""
        self._run = await self._trainings.cancelled(self.run)

    async def _until_ended(self) -> None:
        async for _ in self.watch():
            pass

    async def _look(self) -> None:
        """Refresh, with retries if the host is unreachable for a while."""
        if self.ended:
            return
        since = time.monotonic()
        while True:
            try:
                await self.refresh()
                return
            except TrainingNotFound:
                if self.run.links:
                    raise
                # DEEPaaS 2.x deletes cancelled runs.
                self._run = replace(self.run, state="cancelled", message=FORGOTTEN)
                return
            except (ConnectionFailed, Busy, NotReady):
                if not self._api.retries or time.monotonic() - since > AWAY_SECONDS:
                    raise
            await asyncio.sleep(LOOK_SECONDS)

    def _require(self, what: str) -> None:
        if not self.run.links:
            raise NotSupported(f"this host has no {what} of training runs: it is DEEPaaS 2.x")
