"""Abilities of kinds of models beyond DEEPaaS's contract."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepaas.messages import TensorDetails, inputs_folder
from deepaas.model.v2 import run
from deepaas.runtime.interrupt import CallCancelled

REPORT_SECONDS = 0.1
"""So often the progress of a call is sent at most: an iteration may take microseconds."""

ATTRIBUTE = "__deepaas_traits__"
"""The attribute of a model object with its traits."""


@dataclass(frozen=True)
class Scope:
    """A call, as seen by the model's code.

    Attributes:
        context: what the client told besides the arguments.
        measure: notes what JSON can hold by name; ``mode`` is ``replace``, ``increment`` or
            ``append``. May be called from any thread.
        spool: of this worker, where also the host looks for files.
        report: how far a prediction is: steps done, of how many, and a message; from any thread.
            None for trainings, which report it to files.
    """

    call_id: int
    context: Mapping[str, str]
    measure: Callable[[str, Any, str], None]
    spool: Path
    report: Callable[[float, float | None, str], None] | None = None

    @property
    def folder(self) -> Path:
        """For files, to be made for the first; the host removes it if its process cannot."""
        return inputs_folder(self.spool, self.call_id)


Take = Callable[[dict[str, Any]], dict[str, Any]]


class Measuring:
    """Sends what the model tells during a call with ``deepaas.model.v2.run``."""

    def __init__(self, scope: Scope) -> None:
        self._measure = scope.measure
        self._report = scope.report
        self._reported = -math.inf
        self._has_ended = False

    def __enter__(self) -> None:
        self._token = run.MEASURE.set(self._tell)
        if self._report is not None:
            self._progress = run.PROGRESS.set(self._tell_progress)

    def __exit__(self, *_: object) -> None:
        # An asynchronous generator may be closed in another context.
        with contextlib.suppress(ValueError):
            run.MEASURE.reset(self._token)
            if self._report is not None:
                run.PROGRESS.reset(self._progress)

    def _tell_progress(self, step: float, total: float | None, message: str) -> None:
        assert self._report is not None
        now = time.monotonic()
        # The last step is not left out, if it is reported once.
        is_end = step == total and not self._has_ended
        if is_end or now - self._reported >= REPORT_SECONDS:
            self._reported, self._has_ended = now, is_end or self._has_ended
            self._report(step, total, message)

    def _tell(self, name: str, value: float) -> None:
        self._measure(name, value, "replace")


@dataclass(frozen=True)
class Traits:
    """The traits of one model, defined by its kind.

    Attributes:
        concurrency: calls at a time; more than one only if it is asynchronous.
        cancelled: the exception that its code expects when a call is not wanted any more.
        health: says what is wrong with it, empty when nothing is.
        output: JSON schema (OpenAPI 3.0) of what ``predict`` returns.
        is_file: whether that is one file, which is sent as it is.
        needs_warm: whether nothing works before ``warm``; the host calls it of any model.
        tensors: of what ``predict`` returns, see ``messages.Result``.
        take: by function: makes arguments of values that fit their schemas, so that nothing is
            checked twice; it raises ``marshmallow.ValidationError`` for what a schema cannot say.
        remarks: what its author should know, a sentence for each.
        written: the author's own function that ``predict`` calls, if it is not ``predict`` itself.
    """

    concurrency: int = 1
    cancelled: type[BaseException] = CallCancelled
    around: Callable[[Scope], AbstractContextManager[None]] = Measuring
    health: Callable[[], str | Awaitable[str]] | None = None
    output: dict[str, Any] = field(default_factory=dict)
    is_file: bool = False
    needs_warm: bool = False
    tensors: Mapping[str, TensorDetails] = field(default_factory=dict)
    take: Mapping[str, Take] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    written: Callable[..., Any] | None = None


def own_predict(author: Any) -> Any:
    """The function that the author has written; ``predict`` may only call it."""
    written = traits_of(author).written or getattr(author, "predict", None)
    return author.predict_batch if written is None else written


def traits_of(author: Any) -> Traits:
    found = getattr(author, ATTRIBUTE, None)
    return found if isinstance(found, Traits) else Traits()
