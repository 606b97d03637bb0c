"""Joins waiting calls of ``predict`` to batches, along the first axis of their tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

Predict = TypeVar("Predict", bound=Callable[..., Any])

ATTRIBUTE = "__deepaas_batched__"
"""The attribute of a decorated function, with its :class:`Batched`."""

MAX_DELAY_SECONDS = 60.0


@dataclass(frozen=True)
class Batched:
    """`delay` is in seconds."""

    size: int = 16
    delay: float = 0.0


@overload
def batched(predict: Predict) -> Predict: ...


@overload
def batched(*, size: int = 16, delay: float = 0.0) -> Callable[[Predict], Predict]: ...


def batched(predict: Any = None, *, size: int = 16, delay: float = 0.0) -> Any:
    """Join waiting calls along the first axis of their tensors, and split the result again::

        from deepaas.model.v2 import batched

        @batched(size=16)
        def predict(image):  # (n, 3, 224, 224)
            return network(image)  # n results

    Only calls whose tensors have the same dtypes and shapes, except for the first axis, and whose
    other arguments are equal are joined. The result is an array, a tensor, or a list with one item
    for each of the n items, or a dict or tuple of such. Without a host, the function is unchanged.

    Args:
        predict: with tensor arguments; not a generator or coroutine function.
        size: maximum number of items in a batch.
        delay: seconds that the first call waits for others; a call that comes alone does not wait.

    Raises:
        ValueError: `size` or `delay` is invalid.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"size: {size!r} is not a whole number of at least 1")
    if not isinstance(delay, (int, float)) or not 0 <= delay <= MAX_DELAY_SECONDS:
        raise ValueError(f"delay: {delay!r} is not a number of seconds from 0 to 60")

    def mark(function: Predict) -> Predict:
        setattr(function, ATTRIBUTE, Batched(size, float(delay)))
        return function

    return mark if predict is None else mark(predict)
