"""The data of a tensor as JSON has it, and back: without NumPy, as many models have none."""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from deepaas.messages import Tensor
from deepaas.tensors.byte_elements import framed
from deepaas.tensors.dtypes import BYTES, MAX_DIMENSIONS_COUNT
from deepaas.tensors.plain import FORMATS, texts

_BINARY = "ask for it as binary data"


def of_json(raw: bytes | msgspec.Raw, dtype: str) -> bytes:
    """The elements of a list, flat or nested, as bytes; null is NaN.

    Raises:
        ValueError: they are not all of this dtype.
        msgspec.MsgspecError: they are not JSON, or no list of such values.
    """
    return packed(_values(raw, _kind(dtype)), dtype)


def packed(values: Sequence[Any], dtype: str) -> bytes:
    """Values as the bytes of a tensor; ValueError if one of them does not fit."""
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
        raise ValueError(f"one of its elements does not fit into {dtype}") from None


def values_of(tensor: Tensor) -> list[Any]:
    """The elements as JSON has them, row by row, with null for NaN.

    Raises:
        ValueError: JSON cannot hold them; the text says how they can be had.
    """
    if tensor.dtype == "bfloat16":
        raise ValueError(f"is BF16, which has no form in JSON: {_BINARY}")
    try:
        values = texts(tensor)
    except UnicodeDecodeError:
        raise ValueError(f"has bytes that are no UTF-8, as JSON needs them: {_BINARY}") from None
    if not tensor.dtype.startswith("float") or all(map(math.isfinite, values)):
        return values
    if any(map(math.isinf, values)):
        raise ValueError(f"has infinite elements, which JSON cannot hold: {_BINARY}")
    return [None if math.isnan(value) else value for value in values]


def _has_infinities(values: Sequence[Any]) -> bool:
    return math.inf in values or -math.inf in values


def _kind(dtype: str) -> type:
    if dtype == "bfloat16":
        raise ValueError("BF16 has no form in JSON: send it as binary data")
    if dtype == BYTES:
        return str
    if dtype == "bool":
        return bool
    return float if dtype.startswith("float") else int


def _values(raw: bytes | msgspec.Raw, kind: type) -> list[Any]:
    try:
        return msgspec.json.decode(raw, type=list[kind])  # type: ignore[valid-type]
    except msgspec.ValidationError:
        nested = msgspec.json.decode(raw)
        if not isinstance(nested, list):
            raise
    flat = list(_flat(nested, 0))
    if kind is float:
        flat = [math.nan if value is None else value for value in flat]
    return msgspec.convert(flat, list[kind])  # type: ignore[valid-type]


def _flat(nested: list[Any], depth: int) -> Iterator[Any]:
    if depth >= MAX_DIMENSIONS_COUNT:
        raise ValueError(f"its data is nested deeper than {MAX_DIMENSIONS_COUNT} dimensions")
    for item in nested:
        if isinstance(item, list):
            yield from _flat(item, depth + 1)
        else:
            yield item
