"""One served model, as protocols see it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, NoReturn

import msgspec

from deepaas.errors import (
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
"""How long a model may think about its health."""

CHECK_SECONDS = 5.0
"""How long a worker that is busy with a prediction may let a check wait, which is quick."""


class HostedModel:
    """A model and what can be done with it.

    Args:
        pool: its workers.
        checker: checks the arguments of its trainings, where its workers must not.
        masks: takes the host's own paths out of what is told of it.

    Attributes:
        name: under which it is served.
    """

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
        """Where it comes from."""
        return self._pool.source

    @property
    def description(self) -> Description | None:
        """What the worker has told of the model; None before it was loaded."""
        return self._pool.description

    @property
    def was_ready(self) -> bool:
        """Whether it has ever taken calls: from then on they wait, whatever ends a worker."""
        return self._pool.was_ready

    async def described(self) -> Description:
        """The description, once there is one.

        Raises:
            ModelUnavailable: the model could not be loaded.
        """
        return await self._pool.described()

    def status(self) -> Status:
        """How it is right now."""
        status = self._pool.status()
        if not status.reason:
            return status
        return msgspec.structs.replace(status, reason=self._masks.text(status.reason))

    def reload(self, is_current: IsCurrent) -> None:
        """Have its code loaded anew; the code from before answers until that is ready.

        Args:
            is_current: asked before the new code takes its place.
        """
        self._pool.reload(is_current)

    async def settled(self) -> Status:
        """Wait until loading it is over, for the first time or since :meth:`reload`."""
        return await self._pool.settled()

    def position(self, client_id: str) -> int | None:
        """Where a call stands: 0 with a worker, from 1 on in the queue, None if it is not here.

        Args:
            client_id: what its client calls it.
        """
        return self._pool.calls.position(client_id)

    async def predict(
        self, inputs: Inputs, client_id: str = "", terms: Terms = USUAL_TERMS
    ) -> Answer:
        """Make a prediction.

        Args:
            inputs: of the call.
            client_id: what its client calls it, to ask for its :meth:`position`.
            terms: what else its client wants.

        Returns:
            the finished answer; the file that it may name belongs to the caller.

        Raises:
            DeepaasError: why there is none, one of the classes in :mod:`deepaas.errors`.
        """
        reply = await self._pool.calls.run(inputs, client_id, terms)
        if isinstance(reply, Failure):
            raise_failure(self.name, self._masked(reply, inputs))
        return reply

    async def health(self) -> str:
        """What the model itself says is wrong with it, empty for nothing.

        Raises:
            ModelUnavailable: there is none that could say.
        """
        try:
            answer = await asyncio.wait_for(self._pool.ask(AskHealth, Health), HEALTH_SECONDS)
        except asyncio.TimeoutError:
            return f"it did not say how it is within {HEALTH_SECONDS:g} s"
        return self._masks.text(answer.error)

    def setup(self) -> Setup:
        """How the model got ready the last time, or how far it is."""
        return self._pool.setup()

    async def check_training(self, inputs: Inputs) -> Checked:
        """Have the arguments of a training checked; nothing is run.

        Returns:
            the arguments for people; the file that may hold them belongs to the caller.

        Raises:
            DeepaasError: why the training cannot be.
        """
        description = await self.described()
        if description.train is None:
            raise NotImplementedByModel(self.name, "train")
        checked = await self._checked(inputs, beside_calls=description.train.checked_quickly)
        if checked.failure is not None:
            raise_failure(self.name, self._masked(checked.failure, inputs), "train")
        return checked

    async def _checked(self, inputs: Inputs, *, beside_calls: bool) -> Checked:
        """The answer of a worker, if that cannot hold it up, else that of the checker.

        A worker is loaded already, and a process of the checker's has to load the model first.
        """
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
        """What the author tells of the model, asked afresh.

        Raises:
            ModelUnavailable: the model could not be loaded.
            ModelFailed: ``get_metadata`` raised.
        """
        return await self._ask_metadata(logging.ERROR)

    async def _ask_metadata(self, level: int) -> dict[str, Any]:
        """The metadata; a failure is noted in the log at this level, once."""
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
                _log.log(level, "get_metadata of model %r raised\n%s", self.name, answer.traceback)
            told = self._masks.text(answer.error)
            raise ModelFailed(f"get_metadata raised {told}", details=answer.traceback)
        self._metadata = msgspec.json.decode(answer.json, type=dict[str, Any])
        return self._metadata

    def _masked(self, failure: Failure, inputs: Inputs) -> Failure:
        """A failure as clients may hear of it; what is for the log stays as it is."""
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
        """The answer to one question for all who ask meanwhile."""
        await self.described()
        if self._question is None or self._question.done():
            self._question = asyncio.ensure_future(self._pool.ask(GetMetadata, Metadata))
            # Whoever asked may have gone when it fails.
            self._question.add_done_callback(lambda q: q.cancelled() or q.exception())
        return await asyncio.shield(self._question)


def raise_failure(name: str, failure: Failure, function: str = "predict") -> NoReturn:
    """Raise the error that a worker reports of a function of the model.

    Raises:
        DeepaasError: always.
    """
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
        case "storage_full":
            raise StorageFull(f"what model {name!r} writes", details=failure.traceback)
        case _:
            raise ModelFailed(failure.message, details=failure.traceback)
