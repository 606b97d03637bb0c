"""Base64 of large memory: with ``pybase64``, if it is installed, which is many times faster than
Python's own, and otherwise piece by piece, so that there is never a second copy of all."""

from __future__ import annotations

import binascii
import functools
import importlib
from collections.abc import Iterator
from typing import Any

PIECE_BYTES = 192 * 1024
"""How much is decoded or encoded at a time: it stays in the cache of a core. A multiple of 12."""


def decoded(encoded: memoryview) -> memoryview:
    """Decode base64; the memory is the caller's. Raises ``ValueError`` for any other character."""
    if encoded.nbytes % 4:
        raise ValueError("it is incomplete")
    fast = _fast()
    if fast is None:
        return _decoded_in_pieces(encoded)
    try:
        return memoryview(fast.b64decode_as_bytearray(encoded, validate=True))
    except binascii.Error:
        raise ValueError("it has other characters") from None


def encoded(data: memoryview) -> Iterator[bytes]:
    """Encode data of which the length is a multiple of three; yields pieces."""
    fast = _fast()
    if fast is not None:
        yield fast.b64encode(data)
        return
    for begin in range(0, data.nbytes, PIECE_BYTES):
        yield binascii.b2a_base64(data[begin : begin + PIECE_BYTES], newline=False)


def _decoded_in_pieces(encoded: memoryview) -> memoryview:
    padding_bytes = bytes(encoded[-2:]).count(b"=")
    content = memoryview(bytearray(encoded.nbytes // 4 * 3 - padding_bytes))
    filled_bytes = 0
    for begin in range(0, encoded.nbytes, PIECE_BYTES):
        piece = encoded[begin : begin + PIECE_BYTES]
        try:
            found = binascii.a2b_base64(piece)
        except binascii.Error:
            found = b""
        # It passes over other characters, and may end at padding.
        expected_bytes = min(piece.nbytes // 4 * 3, content.nbytes - filled_bytes)
        if len(found) != expected_bytes:
            raise ValueError("it has other characters")
        content[filled_bytes : filled_bytes + expected_bytes] = found
        filled_bytes += expected_bytes
    return content


@functools.cache
def _fast() -> Any:
    try:
        return importlib.import_module("pybase64")
    except ImportError:
        return None
