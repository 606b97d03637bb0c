"""The bytes of a tensor, in memory or in a file."""

from __future__ import annotations

import mmap

from deepaas.messages import Tensor


def buffer(tensor: Tensor, size_bytes: int | None = None) -> memoryview:
    """The bytes of a tensor; of a file, ``size_bytes``, or all from the offset if None."""
    if tensor.data is not None:
        return memoryview(tensor.data).cast("B")
    with open(tensor.path, "rb") as file:
        mapped = memoryview(writable(file.fileno()))
    end = None if size_bytes is None else tensor.offset + size_bytes
    return mapped[tensor.offset : end]


def writable(descriptor: int) -> mmap.mmap | bytearray:
    """Map a file into memory, writable."""
    try:
        # Copied on write, because the model may change arrays in it.
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY)
    except ValueError:  # An empty file cannot be mapped.
        return bytearray()
