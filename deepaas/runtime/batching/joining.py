"""Joins tensors of several calls along their first axis, and splits results again."""

from __future__ import annotations

import enum
import sys
from collections.abc import Hashable, Mapping, Sequence
from typing import Any


class CannotSplit(Exception):
    """The result of a batch does not have one item for each item of the calls; `args` says why."""


def is_tensor(value: Any) -> bool:
    """Whether it is an array of NumPy or a tensor of PyTorch, with a first axis."""
    return _library(value) is not None and len(value.shape) > 0


def items_count(arguments: Mapping[str, Any]) -> int | None:
    """How many items a call holds: the first axis of its tensors. None if they differ, or if there
    are none: it cannot be joined."""
    sizes = {int(value.shape[0]) for value in arguments.values() if is_tensor(value)}
    scalars = any(_library(value) and not is_tensor(value) for value in arguments.values())
    return sizes.pop() if len(sizes) == 1 and not scalars else None


def key(arguments: Mapping[str, Any]) -> Hashable:
    """Equal for calls that can be joined."""
    return tuple((name, _frozen_argument(arguments[name])) for name in sorted(arguments))


def joined(calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The arguments of one call with the items of several, in order."""
    first = calls[0]
    return {
        name: _concatenated([call[name] for call in calls]) if is_tensor(value) else value
        for name, value in first.items()
    }


def split(result: Any, counts: Sequence[int]) -> list[Any]:
    """The part of a result for each call. ``CannotSplit`` if it has another number of items."""
    total = sum(counts)
    parts = []
    begin = 0
    for count in counts:
        parts.append(_part(result, begin, begin + count, total, ""))
        begin += count
    return parts


def _part(result: Any, begin: int, end: int, total: int, where: str) -> Any:
    if isinstance(result, Mapping):
        return {
            name: _part(one, begin, end, total, f"{where}[{name!r}]")
            for name, one in result.items()
        }
    if isinstance(result, tuple):
        parts = [_part(one, begin, end, total, f"{where}[{at}]") for at, one in enumerate(result)]
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
    if not (isinstance(result, list) or is_tensor(result)):
        raise CannotSplit(
            f"predict returned {type(result).__name__}{f' in its result{where}' if where else ''} "
            f"for a batch of {total} items: @batched needs an array, a tensor or a list with one "
            "item for each, or a dict or tuple of them"
        )
    if len(result) != total:
        raise CannotSplit(
            f"predict returned {len(result)} results{f' in {where}' if where else ''} for a batch "
            f"of {total} items"
        )
    return result[begin:end]


def _library(value: Any) -> Any:
    """NumPy or PyTorch, if the value is an array of it; None for anything else."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return numpy
    if torch is not None and isinstance(value, torch.Tensor):
        return torch
    return None


def _concatenated(tensors: list[Any]) -> Any:
    library: Any = _library(tensors[0])
    return library.cat(tensors) if library.__name__ == "torch" else library.concatenate(tensors)


def _frozen_argument(value: Any) -> Hashable:
    if is_tensor(value):
        device = str(getattr(value, "device", ""))
        return ("tensor", type(value), str(value.dtype), tuple(value.shape[1:]), device)
    return _frozen(value)


def _frozen(value: Any) -> Hashable:
    """Equal for equal values only: 1, 1.0 and True differ, and so do 0.0 and -0.0."""
    if value is None or isinstance(value, (str, bytes, int, enum.Enum)):
        return (type(value), value)
    if isinstance(value, (float, complex)):
        return (type(value), repr(value))
    if isinstance(value, Mapping):
        return (type(value), tuple((_frozen(name), _frozen(one)) for name, one in value.items()))
    if isinstance(value, (list, tuple)):
        return (type(value), tuple(map(_frozen, value)))
    return (object(),)  # Files, arrays in lists, an author's own classes: like no other.
