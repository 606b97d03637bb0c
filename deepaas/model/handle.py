"""The handle of a served model, which protocols use."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
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
    CallProgress,
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
from deepaas.notes import Notes
from deepaas.resources.gpu_use import GpuUse, WorkerGpus
from deepaas.workers.checker import TrainingChecker
from deepaas.workers.numbers import PoolNumbers
from deepaas.workers.pool import Pool
from deepaas.workers.setup import Setup
from deepaas.workers.status import Status
from deepaas.workers.swap import IsCurrent
from deepaas.workers.terms import USUAL_TERMS, Terms
from deepaas.workers.worker import Worker

_log = logging.getLogger(__name__)

METADATA_SECONDS = 5.0
"""How long ``get_metadata`` may take before the last known metadata is returned instead."""

HEALTH_SECONDS = 5.0

REMARKS_COUNT = 100
"""So many different remarks about a model are logged until it is loaded again."""

CHECK_SECONDS = 5.0
"""How long a quick check may wait for a worker that is busy with a prediction."""


class HostedModel:
    """`checker` is for arguments of ``train``; `masks` removes the host's paths from messages."""

    def __init__(
        self,
        pool: Pool,
        checker: TrainingChecker,
        masks: Masks = NOTHING_MASKED,
        gpus: GpuUse | None = None,
    ) -> None:
        self.name = pool.name
        self._gpus = gpus
        self._pool = pool
        self._checker = checker
        self._masks = masks
        self._notes = Notes()
        self._remarks: set[str] = set()
        self._metadata: dict[str, Any] | None = None
        self._metadata_told = (0, "")  # The level, and the error.
        self._question: asyncio.Future[Metadata] | None = None

    @property
    def source(self) -> Source:
        return self._pool.source

    @property
    def description(self) -> Description | None:
        """None until the model is loaded."""
        return self._pool.description

    @property
    def was_ready(self) -> bool:
        """Whether it has ever been ready: from then on calls wait for a new worker."""
        return self._pool.was_ready

    @property
    def takes_calls(self) -> bool:
        """Whether a worker is ready. ``status`` has details, and takes longer."""
        return self._pool.takes_calls

    async def described(self) -> Description:
        """Wait for the description. Raises ``ModelUnavailable``."""
        return await self._pool.described()

    def status(self) -> Status:
        status = self._pool.status()
        if not status.reason:
            return status
        return msgspec.structs.replace(status, reason=self._masks.text(status.reason))

    @property
    def numbers(self) -> PoolNumbers | None:
        """What is counted of its calls and workers; None without metrics."""
        return self._pool.numbers

    @property
    def workers_count(self) -> int:
        """How many workers it has, whatever their state."""
        return self._pool.workers_count

    @property
    def queue_size(self) -> int:
        return self._pool.limits.queue_size

    @property
    def known_metadata(self) -> Mapping[str, Any] | None:
        """The metadata as last read; :meth:`metadata` reads them."""
        return self._metadata

    def workers(self) -> Sequence[Worker]:
        """Those that run at the moment, for metrics."""
        return self._pool.workers()

    def gpus(self) -> list[WorkerGpus]:
        """The GPUs that the host has given to its workers; none without ``--gpus``."""
        if self._gpus is None:
            return []
        return self._gpus.of_model(self.name, self._pool.numbered())

    def reload(self, is_current: IsCurrent) -> None:
        """Load the new code. The old code serves until it is ready, and `is_current` is true."""
        self._remarks.clear()
        self._pool.reload(is_current)

    async def settled(self) -> Status:
        return await self._pool.settled()

    def position(self, client_id: str) -> int | None:
        """Position of a call: 0 in a worker, 1 or more in the queue, None if unknown."""
        return self._pool.calls.position(client_id)

    def progress(self, client_id: str) -> CallProgress | None:
        """How far a call is, if its model reports it."""
        return self._pool.calls.progress(client_id)

    async def predict(
        self, inputs: Inputs, client_id: str = "", terms: Terms = USUAL_TERMS
    ) -> Answer:
        """Make a prediction. The caller owns the file of the answer. Raises ``DeepaasError``."""
        _check_names(inputs)
        reply = await self._pool.calls.run(inputs, client_id, terms)
        if reply.notice:
            self._note(reply.notice)
        if isinstance(reply, Failure):
            raise_failure(self.name, self._masked(reply, inputs))
        if reply.remark:
            self._remark(reply.remark)
        return reply

    async def health(self) -> str:
        """Return the result of the model's own health check, empty if it is well.

        Raises ``ModelUnavailable``.
        """
        try:
            answer = await asyncio.wait_for(self._pool.ask(AskHealth, Health), HEALTH_SECONDS)
        except asyncio.TimeoutError:
            return f"The health check of the model timed out after {HEALTH_SECONDS:g} s."
        return self._masks.text(answer.error)

    def setup(self) -> Setup:
        return self._pool.setup()

    async def check_training(self, inputs: Inputs) -> Checked:
        """Validate arguments of ``train``. The caller owns their file. Raises ``DeepaasError``."""
        _check_names(inputs)
        description = await self.described()
        if description.train is None:
            raise NotImplementedByModel(self.name, "train")
        checked = await self._checked(inputs, beside_calls=description.train.checked_quickly)
        if checked.notice:
            self._note(checked.notice)
        if checked.failure is not None:
            raise_failure(self.name, self._masked(checked.failure, inputs), "train")
        return checked

    async def _checked(self, inputs: Inputs, *, beside_calls: bool) -> Checked:
        """Use a worker, which is already loaded, if that is quick; otherwise the checker."""
        if beside_calls and inputs.is_small():
            try:
                asked = self._pool.ask(lambda number: CheckTraining(number, inputs), Checked)
                return await asyncio.wait_for(asked, CHECK_SECONDS)
            except asyncio.TimeoutError:
                pass  # It is busy and blocks other threads.
            except ModelUnavailable:
                if self.status().status == "broken":
                    raise
        return await self._checker.check(inputs)

    def _note(self, notice: str) -> None:
        kind = f"model {self.name!r}: a part of a request was ignored"
        self._notes.note(f"model {self.name!r}: {notice}", kind)

    def _remark(self, remark: str) -> None:
        """Log once what the author should know."""
        # A model may name what it gets, of which there is no end.
        if remark not in self._remarks and len(self._remarks) < REMARKS_COUNT:
            self._remarks.add(remark)
            _log.warning("model %r: %s", self.name, remark)

    async def metadata(self) -> dict[str, Any]:
        """Call ``get_metadata``. Raises ``ModelUnavailable``, or ``ModelFailed`` if that fails."""
        return await self._ask_metadata(logging.ERROR)

    async def _ask_metadata(self, level: int) -> dict[str, Any]:
        """Log the same failure only once, at this level."""
        try:
            answer = await asyncio.wait_for(self._answer(), METADATA_SECONDS)
        except (asyncio.TimeoutError, ModelUnavailable) as error:
            # The worker is busy and blocks other threads, or is being replaced.
            if self._metadata is not None:
                return self._metadata
            if isinstance(error, ModelUnavailable):
                raise
            if self.description is None:
                raise ModelUnavailable(self.name, "it is loading") from None
            raise ModelFailed(
                f"get_metadata of model {self.name!r} timed out after {METADATA_SECONDS:g} s."
            ) from None
        if answer.error:
            self._tell_failure(level, answer)
            told = self._masks.text(answer.error)
            raise ModelFailed(
                f"get_metadata of model {self.name!r} failed: {told}", details=answer.traceback
            )
        for remark in answer.remarks:
            self._remark(f"get_metadata: {remark}")
        self._metadata = msgspec.json.decode(answer.json, type=dict[str, Any])
        return self._metadata

    def _tell_failure(self, level: int, answer: Metadata) -> None:
        if (level, answer.error) == self._metadata_told:
            return
        what = answer.error
        if answer.error != self._metadata_told[1] and answer.traceback:
            what += f"\n{answer.traceback}"
        self._metadata_told = level, answer.error
        _log.log(level, "get_metadata of model %r failed: %s", self.name, what)

    def _masked(self, failure: Failure, inputs: Inputs) -> Failure:
        names = {file.path: file.filename for file in inputs.uploads()}
        return msgspec.structs.replace(
            failure,
            message=self._masks.text(failure.message, names),
            fields=self._masks.value(failure.fields, names),
        )

    async def first_metadata(self) -> None:
        """Read the metadata once the model is loaded, to have a fallback."""
        with contextlib.suppress(DeepaasError):
            await self.described()
            # Only a warning: errors in the log are for requests.
            await self._ask_metadata(logging.WARNING)

    async def _answer(self) -> Metadata:
        await self.described()
        if self._question is None or self._question.done():
            self._question = asyncio.ensure_future(self._pool.ask(GetMetadata, Metadata))
            # The client may have disconnected when it fails.
            self._question.add_done_callback(lambda q: q.cancelled() or q.exception())
        return await asyncio.shield(self._question)


def _check_names(inputs: Inputs) -> None:
    """Raises ``MalformedRequest`` for names that messages cannot contain."""
    if type(inputs) is Values and not set(map(type, inputs.given)) <= {str}:
        raise MalformedRequest("The names of arguments must be strings.")


def raise_failure(name: str, failure: Failure, function: str = "predict") -> NoReturn:
    try:
        _raise(name, failure, function)
    except DeepaasError as error:
        # What was ignored may be why it failed.
        error.notice = failure.notice
        raise


def _raise(name: str, failure: Failure, function: str) -> NoReturn:
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
            raise ValueError(failure.message)  # A bug of the door.
        case "codec_missing":
            raise CodecMissing(failure.message, details=failure.traceback)
        case "storage_full":
            raise StorageFull(f"what model {name!r} writes", details=failure.traceback)
        case _:
            raise ModelFailed(failure.message, details=failure.traceback)
