"""What the elements of a tensor may be, under the names of NumPy, and how much they take."""

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
"""In bytes; those of ``BYTES`` have one of their own each."""

NAMES = (*SIZES, BYTES)

MAX_DIMENSIONS_COUNT = 32
"""As old NumPys have it."""


MAX_SIZE = 2**63

MAX_EMPTY_COUNT = 1_000_000
"""So many empty lists stand for a tensor without elements at most: its sizes cost no byte."""


class BadTensor(ValueError):
    """It is not what it says it is, or not what is wanted; the text says so, for clients."""


def elements_count(shape: Sequence[int]) -> int:
    """How many elements there are; BadTensor for what is no shape."""
    if len(shape) > MAX_DIMENSIONS_COUNT:
        raise BadTensor(f"it has {len(shape)} dimensions, at most {MAX_DIMENSIONS_COUNT} are taken")
    if any(type(size) is int and abs(size) >= MAX_SIZE for size in shape):
        raise BadTensor("its shape has a size that is too large")  # And too long to be said.
    if any(type(size) is not int or size < 0 for size in shape):
        raise BadTensor(f"its shape {list(shape)} is none: sizes are whole numbers from 0 on")
    if 0 in shape and math.prod(size for size in shape if size) > MAX_EMPTY_COUNT:
        raise BadTensor(f"its shape {list(shape)} is too large for one without elements")
    return math.prod(shape)


def check_size(dtype: str, shape: Sequence[int], size_bytes: int) -> None:
    """BadTensor if a tensor of this shape does not take so many bytes; at least, of ``BYTES``."""
    if dtype not in NAMES:
        raise BadTensor(f"its dtype {dtype!r} is not known: there are {', '.join(NAMES)}")
    count = elements_count(shape)
    came = f"{size_bytes:,} bytes came for {dtype} of shape {list(shape)}"
    if dtype == BYTES and size_bytes < 4 * count:
        raise BadTensor(f"{came}, which takes {4 * count:,} at least")
    if dtype != BYTES and size_bytes != SIZES[dtype] * count:
        raise BadTensor(f"{came}, which takes {SIZES[dtype] * count:,}")
