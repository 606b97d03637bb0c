"""Elements of a tensor of ``bytes``: each is its length as a uint32, followed by its bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from deepaas.tensors.dtypes import BadTensor


def elements(buffer: memoryview, count: int) -> Iterator[bytes]:
    """The elements of a tensor of ``bytes``; BadTensor if the count does not match."""
    start = 0
    for _ in range(count):
        if start + 4 > buffer.nbytes:
            raise BadTensor(f"it has fewer than {count:,} elements")
        (size_bytes,) = struct.unpack_from("<I", buffer, start)
        start += 4 + size_bytes
        if start > buffer.nbytes:
            raise BadTensor("one of its elements is longer than the data")
        yield bytes(buffer[start - size_bytes : start])
    if start != buffer.nbytes:
        raise BadTensor(f"it has more than {count:,} elements")


def framed(item: Any) -> bytes:
    """Encode an element of a tensor of ``bytes``; BadTensor if it is neither bytes nor text."""
    if isinstance(item, str):
        item = item.encode(errors="surrogatepass")
    if not isinstance(item, bytes):
        raise BadTensor(f"an array of {type(item).__name__} cannot be sent")
    return struct.pack("<I", len(item)) + item
