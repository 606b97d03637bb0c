"""Runs predictions, from their input to their end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from deepaas.errors import (
    DeepaasError,
    InvalidArguments,
    ModelUnavailable,
    QueueFull,
    QueueTimedOut,
    StorageFull,
    WorkerDied,
)
from deepaas.masks import Masks
from deepaas.model.handle import HostedModel
from deepaas.predictions.archive import Archive
from deepaas.protocols.cog.files import BadFile, PredictionFiles
from deepaas.protocols.cog.intake import Unpacked
from deepaas.protocols.cog.kept import GONE, snapshot
from deepaas.protocols.cog.prediction import (
    CANCELED,
    FAILED,
    SUCCEEDED,
    WRONG_INPUT,
    Prediction,
)
from deepaas.protocols.cog.prediction_task import PredictionTask, remove
from deepaas.protocols.cog.upload import NotUploaded
from deepaas.request_context import keep_current
from deepaas.web.answers import notice_of
from deepaas.web.errors import no_space
from deepaas.web.journal import TooMuch
from deepaas.web.uploads import Uploads
from deepaas.web.values import stored
from deepaas.workers.terms import Terms

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What a client requests from a model; if it is ``kept``, the client does not wait for it.

    ``trace``: headers for what is requested on its behalf.
    """

    given: dict[str, Any] | Unpacked
    files: frozenset[str]
    context: dict[str, str]
    kept: bool = False
    codec: str = ""
    trace: Mapping[str, str] = field(default_factory=dict)


class Predictions:
    """All running predictions.

    ``archive`` stores those for which no client waits; each of them runs within ``counting``.
    """

    def __init__(
        self,
        uploads: Uploads,
        files: PredictionFiles,
        archive: Archive,
        counting: Callable[[], AbstractContextManager[None]],
        masks: Masks,
    ) -> None:
        self._masks = masks
        self._uploads = uploads
        self._files = files
        self._archive = archive
        self._counting = counting
        self._going: dict[str, dict[str, PredictionTask]] = {}

    def of(self, model: str) -> Mapping[str, PredictionTask]:
        """The running ones of a model by their ids; the mapping is live."""
        return self._going.setdefault(model, {})

    def start(self, prediction: Prediction, model: HostedModel, wanted: Wanted) -> PredictionTask:
        """Start one in the background."""
        keep_current()
        going = self._enter(prediction)
        # Also cleans up one that is cancelled before its first step.
        going.start(self._run(going, model, wanted)).add_done_callback(lambda _: self._over(going))
        return going

    async def make(
        self, prediction: Prediction, model: HostedModel, wanted: Wanted
    ) -> PredictionTask:
        """Run one to its end.

        Raises:
            asyncio.CancelledError: the client has left, so it was stopped.
        """
        going = self._enter(prediction)
        try:
            await going.see_through(self._run(going, model, wanted))
        finally:
            self._over(going)
        return going

    async def close(self) -> None:
        going = [each for model in self._going.values() for each in model.values()]
        for each in going:
            each.fail(GONE, is_cut_off=True)
        await asyncio.gather(*(each.over.wait() for each in going))
        await self._files.close()

    def _enter(self, prediction: Prediction) -> PredictionTask:
        going = PredictionTask(prediction.hold(), self._files, self._masks)
        self._going.setdefault(prediction.model, {})[prediction.id] = going
        return going

    async def _run(self, going: PredictionTask, model: HostedModel, wanted: Wanted) -> None:
        try:
            if wanted.kept:
                with self._counting():
                    await self._keep(going, model, wanted)
            else:
                await self._see_through(going, model, wanted)
        except asyncio.CancelledError:
            pass  # Cancelled after the end, or during it.
        finally:
            going.prediction.end(CANCELED)

    def _over(self, going: PredictionTask) -> None:
        going.prediction.end(CANCELED)
        del self._going[going.prediction.model][going.prediction.id]
        going.noted.set()
        going.over.set()
        going.prediction.release()

    async def _keep(self, going: PredictionTask, model: HostedModel, wanted: Wanted) -> None:
        try:
            await self._archive.begun(snapshot(going.prediction))
        except asyncio.CancelledError:
            going.prediction.end(CANCELED)
        else:
            going.noted.set()
            await self._see_through(going, model, wanted)
        await self._archive.ended(snapshot(going.prediction))

    async def _see_through(self, going: PredictionTask, model: HostedModel, wanted: Wanted) -> None:
        """Run one; it has always ended when this returns."""
        prediction = going.prediction
        try:
            await self._predict(going, model, wanted)
            await going.read()
            prediction.end(SUCCEEDED)
        except asyncio.CancelledError:
            prediction.end(CANCELED)
        except BadFile as error:
            prediction.end(FAILED, error=self._masks.text(f"{WRONG_INPUT}{error}"))
        except (InvalidArguments, QueueFull, QueueTimedOut, StorageFull) as error:
            going.refused = error
            prediction.end(FAILED, error=self._masks.text(_said(error)))
        except DeepaasError as error:
            await going.read()
            details = f"\n{error.details.rstrip()}" if error.details else ""
            _log.log(
                logging.ERROR if details else logging.INFO,
                "prediction %s of model %r failed: %s%s",
                prediction.id,
                model.name,
                error.message,
                details,
            )
            leaving = isinstance(error, ModelUnavailable) and error.leaving
            said = self._masks.text(_said(error))
            prediction.end(FAILED, error=said, is_cut_off=leaving)
        except (NotUploaded, TooMuch) as error:
            prediction.end(FAILED, error=self._masks.text(str(error)))
        except Exception as error:
            going.refused = full = no_space(error)
            if full is not None:
                prediction.end(FAILED, error=self._masks.text(_said(full)))
                return
            _log.exception("prediction %s of model %r: internal error", prediction.id, model.name)
            prediction.end(FAILED, error="internal error in the host")
        finally:
            await going.leave()

    async def _predict(self, going: PredictionTask, model: HostedModel, wanted: Wanted) -> None:
        prediction = going.prediction
        terms = Terms(prediction.streams, wanted.context, wanted.codec, going)
        async with self._uploads.scratch() as scratch:
            if isinstance(wanted.given, Unpacked):
                assert wanted.given.large is not None, "accepted inputs are complete"
                values = await self._files.completed(wanted.given.large, scratch, wanted.trace)
            else:
                values = await self._files.received(
                    wanted.given, wanted.files, scratch, wanted.trace
                )
                values = await stored(values, scratch)
            try:
                answer = await model.predict(values, prediction.id, terms)
            except DeepaasError as error:
                prediction.add_notice(error.notice)
                raise
            prediction.add_notice(notice_of(answer))
            try:
                if not prediction.streams:
                    await going.add(answer)
            finally:
                remove(answer)


def _said(error: DeepaasError) -> str:
    if isinstance(error, WorkerDied):
        return f"Worker crashed: {error.message}"
    if isinstance(error, InvalidArguments):
        return f"{WRONG_INPUT}{msgspec.json.encode(error.fields).decode()}"
    return f"Prediction failed: {error.message}"
