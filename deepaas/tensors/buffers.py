"""The bytes of a tensor, in memory or in a file."""

from __future__ import annotations

import mmap

from deepaas.messages import Tensor


def buffer(tensor: Tensor, size_bytes: int | None = None) -> memoryview:
    """The bytes of a tensor; of a file as many as are wanted, where None is all from there on."""
    if tensor.data is not None:
        return memoryview(tensor.data).cast("B")
    with open(tensor.path, "rb") as file:
        mapped = memoryview(writable(file.fileno()))
    end = None if size_bytes is None else tensor.offset + size_bytes
    return mapped[tensor.offset : end]


def writable(descriptor: int) -> mmap.mmap | bytearray:
    """A file as if it were in memory."""
    try:
        # A copy as soon as somebody writes to it: what is made of it belongs to the model.
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY)
    except ValueError:  # Nothing cannot be mapped.
        return bytearray()
