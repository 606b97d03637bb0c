"""How an author's code runs a batch: ``predict_batch``, or a ``predict`` with ``@batched``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Protocol

from deepaas.messages import Batching
from deepaas.model.v2.batches import ATTRIBUTE, MAX_DELAY_SECONDS, Batched
from deepaas.runtime.batching import joining
from deepaas.runtime.failures import CannotBeServed

FUNCTION = "predict_batch"
RERUN = "batch_rerun"
SIZE = "batch_size"
DELAY = "batch_delay"

OPTIONS = (RERUN, SIZE, DELAY)
"""Attributes of a module or class with ``predict_batch``."""

AUTOMATIC_SIZE = 32


class WrongAnswer(Exception):
    """What a batch has returned does not belong to its calls; the text is for the author."""


class Way(Protocol):
    """`rerun`: whether the calls of a batch that has raised are run again, one by one."""

    rerun: bool

    @property
    def batching(self) -> Batching:
        """What the author wishes."""

    def key(self, arguments: Mapping[str, Any]) -> Hashable:
        """Equal for calls that can be in one batch."""

    def count(self, arguments: Mapping[str, Any]) -> int:
        """How many items a call holds."""

    def run(self, calls: Sequence[dict[str, Any]]) -> list[Any]:
        """One result for each call, or an exception for that call. ``WrongAnswer``, or any
        exception of the author's code."""


class OwnBatches:
    """The author has written ``predict_batch``."""

    def __init__(self, author: Any, function: Callable[..., Any]) -> None:
        self.rerun = getattr(author, RERUN, True) is not False
        self._function = function
        self._size = getattr(author, SIZE, None)
        self._delay = getattr(author, DELAY, 0.0)
        if self._size is not None and (type(self._size) is not int or self._size < 1):
            raise CannotBeServed(
                f"{SIZE} is {self._size!r}: it must be a whole number of at least 1"
            )
        if type(self._delay) not in (int, float) or not 0 <= self._delay <= MAX_DELAY_SECONDS:
            raise CannotBeServed(
                f"{DELAY} is {self._delay!r}: it must be a number of seconds from 0 to 60"
            )

    @property
    def batching(self) -> Batching:
        automatic = self._size is None and not self._delay
        return Batching(self._size or AUTOMATIC_SIZE, float(self._delay), automatic)

    def key(self, arguments: Mapping[str, Any]) -> Hashable:  # noqa: ARG002
        return None

    def count(self, arguments: Mapping[str, Any]) -> int:  # noqa: ARG002
        return 1

    def run(self, calls: Sequence[dict[str, Any]]) -> list[Any]:
        results = self._function(list(calls))
        if not isinstance(results, (list, tuple)):
            said = "None" if results is None else type(results).__name__
            raise WrongAnswer(
                f"{FUNCTION} returned {said} for {len(calls)} calls: it must return a list with "
                "one result for each call, in the same order"
            )
        if len(results) != len(calls):
            raise WrongAnswer(
                f"{FUNCTION} returned {len(results)} results for {len(calls)} calls: it must "
                "return a list with one result for each call, in the same order"
            )
        return list(results)


class Joined:
    """The author has decorated ``predict`` with ``@batched``."""

    def __init__(self, author: Any, declared: Batched) -> None:
        self.rerun = getattr(author, RERUN, True) is not False
        self._predict = author.predict
        self._declared = declared

    @property
    def batching(self) -> Batching:
        return Batching(self._declared.size, self._declared.delay)

    def key(self, arguments: Mapping[str, Any]) -> Hashable:
        if joining.items_count(arguments) is None:
            return (object(),)
        return joining.key(arguments)

    def count(self, arguments: Mapping[str, Any]) -> int:
        return joining.items_count(arguments) or 1

    def run(self, calls: Sequence[dict[str, Any]]) -> list[Any]:
        if len(calls) == 1:
            return [self._predict(**calls[0])]
        counts = [joining.items_count(call) or 0 for call in calls]
        result = self._predict(**joining.joined(calls))
        try:
            return joining.split(result, counts)
        except joining.CannotSplit as error:
            raise WrongAnswer(str(error)) from None


def way_of(author: Any) -> Way | None:
    """How its calls can be joined; None if each must run alone. ``CannotBeServed`` if what the
    author says about batches is invalid."""
    if why_not(author):
        return None
    function = getattr(author, FUNCTION, None)
    if callable(function):
        return OwnBatches(author, function)
    declared = declared_on(getattr(author, "predict", None))
    return Joined(author, declared) if declared is not None else None


def lacks_predict(author: Any) -> bool:
    """Whether only ``predict_batch`` can answer calls."""
    return callable(getattr(author, FUNCTION, None)) and not callable(
        getattr(author, "predict", None)
    )


def alone(way: Way, function: Callable[..., Any]) -> Callable[..., Any]:
    """``predict`` of an author who has only written this ``predict_batch``."""

    def predict(**arguments: Any) -> Any:
        (result,) = way.run([arguments])
        if isinstance(result, BaseException):
            raise result
        return result

    predict.__wrapped__ = function  # type: ignore[attr-defined]
    return predict


def declared_on(predict: Any) -> Batched | None:
    found = getattr(predict, ATTRIBUTE, None)
    return found if isinstance(found, Batched) else None


def why_not(author: Any) -> str:
    """Why calls are not joined although the author has provided for it; empty if they are, or if
    nothing is provided."""
    predict, function = getattr(author, "predict", None), getattr(author, FUNCTION, None)
    if not callable(function) and declared_on(predict) is None:
        return ""
    name = f"{FUNCTION} is" if callable(function) else "@batched on predict is"
    if inspect.isgeneratorfunction(predict) or inspect.isasyncgenfunction(predict):
        return f"{name} not used: predict yields its result in parts, which cannot be batched"
    if inspect.iscoroutinefunction(predict):
        return f"{name} not used: predict is asynchronous, which cannot be batched"
    if callable(function) and is_no_plain_function(function):
        return f"{name} not used: it must be a function with def, without async and yield"
    return ""


def is_no_plain_function(function: Any) -> bool:
    """Whether it is a generator or coroutine function."""
    kinds = (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    )
    return any(kind(function) for kind in kinds)
