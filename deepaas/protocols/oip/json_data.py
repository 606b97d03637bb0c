"""Converts data of tensors from and to JSON, without NumPy, which many models lack."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from deepaas.messages import Tensor
from deepaas.tensors.dtypes import BYTES, MAX_DIMENSIONS_COUNT
from deepaas.tensors.from_plain import packed
from deepaas.tensors.plain import texts

_BINARY = "request it as binary data"


def of_json(raw: bytes | msgspec.Raw, dtype: str) -> bytes:
    """The elements of a list, flat or nested, as bytes; null is NaN.

    Raises:
        ValueError: not all of them are of this dtype.
        msgspec.MsgspecError: they are not valid JSON, or not a list of such values.
    """
    return packed(_values(raw, _kind(dtype)), dtype)


def values_of(tensor: Tensor) -> list[Any]:
    """The elements for JSON, in row-major order, with None for NaN.

    Raises:
        ValueError: JSON cannot represent them; the message says what to do.
    """
    if tensor.dtype == "bfloat16":
        raise ValueError(f"is BF16, which JSON cannot represent: {_BINARY}")
    try:
        values = texts(tensor)
    except UnicodeDecodeError:
        raise ValueError(f"has bytes that are not UTF-8, which JSON requires: {_BINARY}") from None
    if not tensor.dtype.startswith("float") or all(map(math.isfinite, values)):
        return values
    if any(map(math.isinf, values)):
        raise ValueError(f"has infinite elements, which JSON cannot represent: {_BINARY}")
    return [None if math.isnan(value) else value for value in values]


def _kind(dtype: str) -> type:
    if dtype == "bfloat16":
        raise ValueError("JSON cannot represent BF16: send it as binary data")
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
        raise ValueError(f"its data has more than {MAX_DIMENSIONS_COUNT} dimensions")
    for item in nested:
        if isinstance(item, list):
            yield from _flat(item, depth + 1)
        else:
            yield item
