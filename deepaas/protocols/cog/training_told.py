"""A training run in Cog's format."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any

import msgspec

from deepaas.errors import DeepaasError, RunElsewhere, RunNotFound
from deepaas.model.handle import HostedModel
from deepaas.protocols.cog.prediction import (
    CANCELED,
    FAILED,
    MAX_LOG_CHARACTERS,
    PROCESSING,
    STARTING,
    SUCCEEDED,
    moment,
    told_begun,
)
from deepaas.training.log import LogReader
from deepaas.training.runs import State, TrainingRun
from deepaas.training.service import Trainings
from deepaas.web.document import of_bytes
from deepaas.webhooks.delivery import WebhookChannel
from deepaas.webhooks.sender import TRIES_COUNT

_log = logging.getLogger(__name__)

INTERRUPTED = "interrupted: the host stopped"

STATUS = {
    State.QUEUED: STARTING,
    State.RUNNING: PROCESSING,
    State.DONE: SUCCEEDED,
    State.ERROR: FAILED,
    State.CANCELLED: CANCELED,
    State.INTERRUPTED: FAILED,
}


class Teller:
    def __init__(self, trainings: Trainings) -> None:
        self._trainings = trainings

    async def told(self, run: TrainingRun, name: str, *, whole: bool = False) -> dict[str, Any]:
        """A run in Cog's format; with ``whole`` also its input and times."""
        told: dict[str, Any] = {"id": name}
        if whole:
            told["input"] = msgspec.Raw(await self._trainings.args(run))
        if STATUS[run.state] == FAILED:
            told["error"] = run.message or INTERRUPTED
        told["logs"] = await self._logs(run)
        seconds = (run.finished or time.time()) - (run.started or run.created)
        told["metrics"] = {"predict_time": seconds} if run.state.final else {}
        if run.has_result:
            told["output"] = msgspec.Raw(await self._trainings.result(run))
        if whole:
            told["created_at"] = moment(run.created)
            told["started_at"] = moment(run.started)
            told["completed_at"] = moment(run.finished)
        return {**told, "status": STATUS[run.state]}

    async def follow(
        self,
        model: HostedModel,
        run: TrainingRun,
        name: str,
        events: frozenset[str],
        channel: WebhookChannel,
    ) -> None:
        over = False
        try:
            async with contextlib.aclosing(self._trainings.follow(model, run)) as seen:
                async for run in seen:
                    if run.state is State.RUNNING and "start" in events:
                        channel.add(told_begun(name))
            if run.state.final:
                await self._tell_end(run, name, events, channel)
                over = True
        except RunNotFound:
            over = True
        except DeepaasError as error:
            _log.warning("training %s: the next host will send its webhook: %s", name, error)
        finally:
            if over:
                channel.finish()
            else:
                channel.leave()

    async def _tell_end(
        self, run: TrainingRun, name: str, events: frozenset[str], channel: WebhookChannel
    ) -> None:
        told = await self.told(run, name)
        if "output" in told and "output" in events:
            going = {"id": name, "logs": told["logs"], "metrics": {}, "output": [told["output"]]}
            document = msgspec.json.encode({**going, "status": PROCESSING})
            await channel.add_last(of_bytes(document), 1)
        if "completed" in events:
            await channel.add_last(of_bytes(msgspec.json.encode(told)), TRIES_COUNT)

    async def _logs(self, run: TrainingRun) -> str:
        try:
            reader = LogReader(self._trainings.folder(run).log)
        except RunElsewhere:
            return ""

        def last() -> bytes:
            begin = max(0, reader.size() - MAX_LOG_CHARACTERS)
            return reader.read(begin, MAX_LOG_CHARACTERS)[1]

        return (await asyncio.to_thread(last)).decode("utf-8", "replace")
