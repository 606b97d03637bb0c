"""Converts tensors to JSON values, without NumPy."""

from __future__ import annotations

import struct
from typing import Any

from deepaas.messages import Tensor
from deepaas.tensors.buffers import buffer
from deepaas.tensors.byte_elements import elements
from deepaas.tensors.dtypes import BYTES, SIZES, check_size, elements_count

FORMATS = {
    "bool": "?",
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "float16": "e",
    "float32": "f",
    "float64": "d",
    "complex64": "f",
    "complex128": "d",
}
"""Format characters of ``struct``; except for bool and float16, also of ``array``."""


def plain(tensor: Tensor) -> list[Any]:
    """The elements in row-major order: numbers, ``[re, im]`` for complex numbers, or bytes.

    Raises:
        BadTensor: its size does not match its shape.
        OSError: its file cannot be read.
    """
    count = elements_count(tensor.shape)
    if tensor.dtype not in SIZES:
        held = buffer(tensor)
        check_size(tensor.dtype, tensor.shape, held.nbytes)
        return list(elements(held, count))
    held = buffer(tensor, SIZES[tensor.dtype] * count)
    check_size(tensor.dtype, tensor.shape, held.nbytes)
    if tensor.dtype == "bfloat16":
        widened = b"".join(b"\0\0" + held[start : start + 2] for start in range(0, 2 * count, 2))
        return list(struct.unpack(f"<{count}f", widened))
    if tensor.dtype.startswith("complex"):
        parts = struct.unpack(f"<{2 * count}{FORMATS[tensor.dtype]}", held)
        return [list(pair) for pair in zip(parts[::2], parts[1::2], strict=True)]
    return list(struct.unpack(f"<{count}{FORMATS[tensor.dtype]}", held))


def texts(tensor: Tensor) -> list[Any]:
    """The same, with bytes as text; UnicodeDecodeError if they are not valid UTF-8."""
    values = plain(tensor)
    return [str(value, "utf-8") for value in values] if tensor.dtype == BYTES else values


def nested(values: list[Any], shape: list[int]) -> Any:
    """Elements as nested lists; without dimensions, the only element."""
    if not shape:
        return values[0]
    if 0 in shape:
        shape = shape[: shape.index(0) + 1]
    for size in reversed(shape[1:]):
        values = (
            [values[start : start + size] for start in range(0, len(values), size)]
            if size
            else [[] for _ in range(elements_count(shape[:-1]))]
        )
    return values
