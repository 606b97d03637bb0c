"""Dtypes of tensors, with the names of NumPy, and their sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence

BYTES = "bytes"

SIZES = {
    "bool": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
}
"""In bytes; elements of ``BYTES`` have individual sizes."""

NAMES = (*SIZES, BYTES)

MAX_DIMENSIONS_COUNT = 32
"""The limit of old versions of NumPy."""


MAX_SIZE = 2**63

MAX_EMPTY_COUNT = 1_000_000
"""Maximum number of empty lists for a tensor without elements, because its shape needs no data."""


class BadTensor(ValueError):
    """The tensor is not valid, or does not match the declaration; the text is for clients."""


def elements_count(shape: Sequence[int]) -> int:
    """The number of elements of a shape; BadTensor if the shape is not valid."""
    if len(shape) > MAX_DIMENSIONS_COUNT:
        raise BadTensor(f"it has {len(shape)} dimensions, the maximum is {MAX_DIMENSIONS_COUNT}")
    count = 1
    for size in shape:
        if type(size) is not int or not 0 <= size < MAX_SIZE:
            raise BadTensor(_fault(shape))
        count *= size
    if not count and math.prod(size for size in shape if size) > MAX_EMPTY_COUNT:
        raise BadTensor(f"its shape {list(shape)} is too large for a tensor without elements")
    return count


def _fault(shape: Sequence[int]) -> str:
    if any(type(size) is int and abs(size) >= MAX_SIZE for size in shape):
        return "its shape has a size that is too large"  # Too long for a message.
    return f"its shape {list(shape)} is not valid: sizes must be integers from 0 on"


def check_size(dtype: str, shape: Sequence[int], size_bytes: int) -> None:
    """BadTensor if the size does not match dtype and shape; for ``BYTES``, it is a minimum."""
    if dtype not in NAMES:
        raise BadTensor(f"unknown dtype {dtype!r}: use one of {', '.join(NAMES)}")
    count = elements_count(shape)
    came = f"got {size_bytes:,} bytes for {dtype} of shape {list(shape)}"
    if dtype == BYTES and size_bytes < 4 * count:
        raise BadTensor(f"{came}, which needs at least {4 * count:,}")
    if dtype != BYTES and size_bytes != SIZES[dtype] * count:
        raise BadTensor(f"{came}, which needs {SIZES[dtype] * count:,}")
