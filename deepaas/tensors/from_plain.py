"""Converts plain values (numbers, texts, and lists of them) to tensors, without NumPy."""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from deepaas.messages import Tensor
from deepaas.tensors.byte_elements import framed
from deepaas.tensors.dtypes import BYTES, MAX_DIMENSIONS_COUNT
from deepaas.tensors.plain import FORMATS

MAX_SIGNED = 2**63


def tensor_of_plain(thing: Any, dtype: str = "") -> Tensor | None:
    """A tensor of a value or of nested lists, of ``dtype`` if possible; a single value is a list of
    one. None if it cannot be one: lists of different lengths, or values of other types.

    Raises ``ValueError`` if a number is out of range.
    """
    values, shape = flattened(thing)
    found = dtype_of(values, dtype)
    return Tensor(found, shape, packed(values, found)) if found else None


def flattened(thing: Any) -> tuple[Sequence[Any], list[int]]:
    """Elements and shape of nested lists; the elements are lists if their lengths differ."""
    if not isinstance(thing, (list, tuple)):
        return [thing], [1]
    shape = _shape(thing)
    return (list(_flat(thing)) if len(shape) > 1 else thing), shape


def dtype_of(values: Sequence[Any], dtype: str) -> str:
    """The dtype for plain values, ``dtype`` if possible; empty if there is none."""
    kinds = set(map(type, values))
    if not kinds:
        return dtype or "float64"
    if kinds <= {str, bytes}:
        return BYTES
    if kinds == {bool}:
        return "bool"
    if not kinds <= {int, float}:
        return BYTES if all(isinstance(value, (str, bytes)) for value in values) else ""
    if float in kinds or dtype in ("float32", "float64"):
        return dtype if dtype.startswith("float") else "float64"
    return "int64" if max(values) < MAX_SIGNED else "uint64"


def packed(values: Sequence[Any], dtype: str) -> bytes:
    """Values as the bytes of a tensor; ``ValueError`` if one is out of range."""
    try:
        if dtype == BYTES:
            return b"".join(map(framed, values))
        if dtype == "bool":
            return bytes(values)
        if dtype == "float16":
            return struct.pack(f"<{len(values)}e", *values)
        found = array(FORMATS[dtype], values)
        if dtype == "float32" and _has_infinities(found) and not _has_infinities(values):
            raise OverflowError
        return found.tobytes()
    except OverflowError:
        raise ValueError(f"an element is out of range for {dtype}") from None


def _has_infinities(values: Sequence[Any]) -> bool:
    return math.inf in values or -math.inf in values


def _shape(values: Sequence[Any]) -> list[int]:
    """The shape of nested lists; only the first size if inner lists have different lengths."""
    shape: list[int] = []
    level: Any = values
    while isinstance(level, (list, tuple)) and len(shape) < MAX_DIMENSIONS_COUNT:
        shape.append(len(level))
        level = level[0] if level else None
    return shape if _is_regular(values, shape) else shape[:1]


def _is_regular(values: Any, shape: Sequence[int]) -> bool:
    if not shape:
        return not isinstance(values, (list, tuple))
    return (
        isinstance(values, (list, tuple))
        and len(values) == shape[0]
        and (len(shape) == 1 or all(_is_regular(each, shape[1:]) for each in values))
    )


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(value)
        else:
            yield value
