"""One training, as a caller holds it in the hand."""

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
"""Hosts note progress once a second."""

AWAY_SECONDS = 30.0
"""A host that is restarted may be away for so long."""


class Shown(ABC):
    """What is known of a training; `refresh` asks for more."""

    @property
    @abstractmethod
    def run(self) -> Run:
        """All that the host has told of it."""

    @property
    @abstractmethod
    def model(self) -> str:
        """The name of the model that is trained."""

    @property
    def uuid(self) -> str:
        """By which the host knows it."""
        return self.run.uuid

    @property
    def state(self) -> str:
        """``queued``, ``running``, ``done``, ``error``, ``cancelled`` or ``interrupted``."""
        return self.run.state

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.run.final

    @property
    def args(self) -> Any:
        """Its arguments."""
        return self.run.args

    @property
    def date(self) -> datetime | None:
        """When it was asked for, in the host's local time."""
        return self.run.date

    @property
    def result(self) -> Any:
        """What ``train`` has returned, None as long as it has not."""
        return self.run.result

    @property
    def message(self) -> str:
        """Why it is in its state, empty if there is nothing to say."""
        return self.run.message

    @property
    def error(self) -> str | None:
        """Why it has failed or was interrupted, None if it was not."""
        return self.run.message if self.run.state in ("error", "interrupted") else None

    @property
    def progress(self) -> Progress | None:
        """How far it is, None when it has not told."""
        return self.run.progress

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.uuid} of {self.model}: {self.state}>"

    def _repr_html_(self) -> str:
        return training_html(self.run, self.model)


class AsyncTraining(Shown):
    """A training: what is known of it, and what can be done with it."""

    def __init__(self, api: Api, model: Model, run: Run) -> None:
        self._run = run
        self._api = api
        self._model = model
        self._trainings = TrainingApi(api, model)

    @property
    def run(self) -> Run:
        """All that the host has told of it."""
        return self._run

    @property
    def model(self) -> str:
        """The name of the model that is trained."""
        return self._model.name

    async def refresh(self) -> AsyncTraining:
        """Ask the host how it is now; gives back itself."""
        self._run = await self._trainings.get(self.uuid)
        return self

    async def wait(self, timeout: float | None = None) -> AsyncTraining:
        """Wait for its end, whatever that is: look at its `state`. Gives back itself.

        Raises:
            TimeoutError: it has not ended after `timeout` seconds. It goes on.
            ClientError: the host is away for too long.
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
        """Follow it until its end: yields it now, and when its state or progress has changed."""
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
        """What it has printed, line by line; with `follow` also what comes until its end.

        Hosts of DEEPaaS 2.x keep no logs, metrics and files of trainings: NotSupported is raised.
        """
        self._require("log")
        if not follow:
            async for line in self._trainings.lines(self.run):
                yield line
            return
        seen, failures_count = "", 0
        while True:
            # A stream that begins after the end tells all there will ever be.
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
        """What it has measured: step and value by the name of the metric."""
        self._require("metrics")
        series = await self._trainings.metrics(self.run)
        return {
            name: [(int(step), value) for step, value in points] for name, points in series.items()
        }

    async def files(self) -> list[File]:
        """What it has written, also while it runs; no more than the host lists (10,000)."""
        self._require("files")
        return list((await self._trainings.files(self.run)).entries)

    async def download(self, path: str | File, to: str | Path) -> Path:
        """Get one of its files, into a file or a folder; gives back what was written."""
        self._require("files")
        wanted = path.path if isinstance(path, File) else path
        target = file_for(Path(to), Path(wanted).name)
        with replacing(target) as partial:
            await self._trainings.download(self.run, wanted, partial)
        return target

    async def cancel(self) -> None:
        """Cancel it, and wait up to 30 s for its end; one that has ended is not changed."""
        self._run = await self._trainings.cancelled(self.run)

    async def _until_ended(self) -> None:
        async for _ in self.watch():
            pass

    async def _look(self) -> None:
        """Ask how it is, also when the host is away for a while."""
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
                # DEEPaaS 2.x forgets what is cancelled.
                self._run = replace(self.run, state="cancelled", message=FORGOTTEN)
                return
            except (ConnectionFailed, Busy, NotReady):
                if not self._api.retries or time.monotonic() - since > AWAY_SECONDS:
                    raise
            await asyncio.sleep(LOOK_SECONDS)

    def _require(self, what: str) -> None:
        if not self.run.links:
            raise NotSupported(f"this host keeps no {what} of trainings: it is a DEEPaaS 2.x")
