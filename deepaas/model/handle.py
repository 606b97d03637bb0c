"""One served model, as protocols see it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, NoReturn

import msgspec

from deepaas.errors import (
    CodecMissing,
    DeepaasError,
    InvalidArguments,
    MalformedRequest,
    ModelFailed,
    ModelRefused,
    ModelUnavailable,
    NotImplementedByModel,
    StorageFull,
)
from deepaas.executor import Source
from deepaas.masks import NOTHING_MASKED, Masks
from deepaas.messages import (
    Answer,
    AskHealth,
    Checked,
    CheckTraining,
    Description,
    Failure,
    GetMetadata,
    Health,
    Inputs,
    Metadata,
    Values,
)
from deepaas.workers.checker import TrainingChecker
from deepaas.workers.pool import Pool
from deepaas.workers.setup import Setup
from deepaas.workers.status import Status
from deepaas.workers.swap import IsCurrent
from deepaas.workers.terms import USUAL_TERMS, Terms

_log = logging.getLogger(__name__)

METADATA_SECONDS = 5.0
"""How long ``get_metadata`` may take before the last known answer is given instead."""

HEALTH_SECONDS = 5.0

CHECK_SECONDS = 5.0
"""How long a worker that is busy with a prediction may let a check wait, which is quick."""


class HostedModel:
    """`checker` is for arguments of trainings; `masks` takes the host's paths out of messages."""

    def __init__(self, pool: Pool, checker: TrainingChecker, masks: Masks = NOTHING_MASKED) -> None:
        self.name = pool.name
        self._pool = pool
        self._checker = checker
        self._masks = masks
        self._metadata: dict[str, Any] | None = None
        self._metadata_told: tuple[int, str] | None = None
        self._question: asyncio.Future[Metadata] | None = None

    @property
    def source(self) -> Source:
        return self._pool.source

    @property
    def description(self) -> Description | None:
        """None before it was loaded."""
        return self._pool.description

    @property
    def was_ready(self) -> bool:
        """Whether it has ever taken calls: from then on they wait, whatever ends a worker."""
        return self._pool.was_ready

    @property
    def takes_calls(self) -> bool:
        """Whether a worker does; ``status`` tells more, and takes longer."""
        return self._pool.takes_calls

    async def described(self) -> Description:
        """Wait for it. Raises ``ModelUnavailable``."""
        return await self._pool.described()

    def status(self) -> Status:
        status = self._pool.status()
        if not status.reason:
            return status
        return msgspec.structs.replace(status, reason=self._masks.text(status.reason))

    def reload(self, is_current: IsCurrent) -> None:
        """The code from before answers until the new is ready, and `is_current` agrees."""
        self._pool.reload(is_current)

    async def settled(self) -> Status:
        return await self._pool.settled()

    def position(self, client_id: str) -> int | None:
        """Where a call stands: 0 with a worker, from 1 on in the queue, None if it is not here."""
        return self._pool.calls.position(client_id)

    async def predict(
        self, inputs: Inputs, client_id: str = "", terms: Terms = USUAL_TERMS
    ) -> Answer:
        """The file that the answer may name belongs to the caller. Raises ``DeepaasError``."""
        _check_names(inputs)
        reply = await self._pool.calls.run(inputs, client_id, terms)
        if isinstance(reply, Failure):
            raise_failure(self.name, self._masked(reply, inputs))
        return reply

    async def health(self) -> str:
        """What the model itself says is wrong with it, or nothing. Raises ``ModelUnavailable``."""
        try:
            answer = await asyncio.wait_for(self._pool.ask(AskHealth, Health), HEALTH_SECONDS)
        except asyncio.TimeoutError:
            return f"it did not say how it is within {HEALTH_SECONDS:g} s"
        return self._masks.text(answer.error)

    def setup(self) -> Setup:
        return self._pool.setup()

    async def check_training(self, inputs: Inputs) -> Checked:
        """The arguments for people; a file with them is the caller's. Raises ``DeepaasError``."""
        _check_names(inputs)
        description = await self.described()
        if description.train is None:
            raise NotImplementedByModel(self.name, "train")
        checked = await self._checked(inputs, beside_calls=description.train.checked_quickly)
        if checked.failure is not None:
            raise_failure(self.name, self._masked(checked.failure, inputs), "train")
        return checked

    async def _checked(self, inputs: Inputs, *, beside_calls: bool) -> Checked:
        """Of a worker, which is loaded already, if that cannot hold it up, else of the checker."""
        if beside_calls and inputs.is_small():
            try:
                asked = self._pool.ask(lambda number: CheckTraining(number, inputs), Checked)
                return await asyncio.wait_for(asked, CHECK_SECONDS)
            except asyncio.TimeoutError:
                pass  # It is busy in a way that lets no other thread run.
            except ModelUnavailable:
                if self.status().status == "broken":
                    raise
        return await self._checker.check(inputs)

    async def metadata(self) -> dict[str, Any]:
        """Asked afresh. Raises ``ModelUnavailable``, or ``ModelFailed`` for ``get_metadata``."""
        return await self._ask_metadata(logging.ERROR)

    async def _ask_metadata(self, level: int) -> dict[str, Any]:
        """A failure is noted in the log at this level, once."""
        try:
            answer = await asyncio.wait_for(self._answer(), METADATA_SECONDS)
        except (asyncio.TimeoutError, ModelUnavailable) as error:
            # Busy in a way that lets no other thread run, or about to be replaced.
            if self._metadata is not None:
                return self._metadata
            if isinstance(error, ModelUnavailable):
                raise
            if self.description is None:
                raise ModelUnavailable(self.name, "it is being loaded") from None
            raise ModelFailed(
                f"get_metadata of model {self.name!r} did not answer within {METADATA_SECONDS:g} s"
            ) from None
        if answer.error:
            if (level, answer.error) != self._metadata_told:
                self._metadata_told = level, answer.error
                what = answer.traceback or answer.error
                _log.log(level, "get_metadata of model %r raised\n%s", self.name, what)
            told = self._masks.text(answer.error)
            raise ModelFailed(f"get_metadata raised {told}", details=answer.traceback)
        self._metadata = msgspec.json.decode(answer.json, type=dict[str, Any])
        return self._metadata

    def _masked(self, failure: Failure, inputs: Inputs) -> Failure:
        names = {file.path: file.filename for file in inputs.uploads()}
        return msgspec.structs.replace(
            failure,
            message=self._masks.text(failure.message, names),
            fields=self._masks.value(failure.fields, names),
        )

    async def first_metadata(self) -> None:
        """Ask once when the model is loaded, so that there is an answer to fall back on."""
        with contextlib.suppress(DeepaasError):
            await self.described()
            # Nobody has asked: who looks for errors in the log should find those of requests.
            await self._ask_metadata(logging.WARNING)

    async def _answer(self) -> Metadata:
        await self.described()
        if self._question is None or self._question.done():
            self._question = asyncio.ensure_future(self._pool.ask(GetMetadata, Metadata))
            # Whoever asked may have gone when it fails.
            self._question.add_done_callback(lambda q: q.cancelled() or q.exception())
        return await asyncio.shield(self._question)


def _check_names(inputs: Inputs) -> None:
    """Refuse what no message can hold: doors pass on what clients send."""
    if type(inputs) is Values and not set(map(type, inputs.given)) <= {str}:
        raise MalformedRequest("the names of arguments must be texts")


def raise_failure(name: str, failure: Failure, function: str = "predict") -> NoReturn:
    match failure.kind:
        case "invalid_arguments":
            raise InvalidArguments(failure.fields)
        case "malformed_request":
            raise MalformedRequest(failure.message, fields=failure.fields)
        case "not_implemented":
            raise NotImplementedByModel(name, function, details=failure.traceback)
        case "model_refused":
            raise ModelRefused(
                failure.status, failure.message, failure.headers, details=failure.traceback
            )
        case "no_call":
            raise ValueError(failure.message)  # The door's mistake, so the host's.
        case "codec_missing":
            raise CodecMissing(failure.message, details=failure.traceback)
        case "storage_full":
            raise StorageFull(f"what model {name!r} writes", details=failure.traceback)
        case _:
            raise ModelFailed(failure.message, details=failure.traceback)
