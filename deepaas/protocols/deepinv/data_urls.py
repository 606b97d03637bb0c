"""Tensors as data URLs (RFC 2397): base64 of a file of ``torch.save``."""

from __future__ import annotations

import binascii
from collections.abc import Iterator

from deepaas.messages import Tensor
from deepaas.tensors.torch_files import tensor_in
from deepaas.tensors.torch_writer import pieces

MEDIA_TYPE = "application/octet-stream"
START = f"data:{MEDIA_TYPE};base64,".encode()

SCHEME = b"data:"

MAX_HEAD_BYTES = 200

PIECE_BYTES = 192 * 1024
"""How much is decoded or encoded at a time: it stays in the cache of a core. A multiple of 12."""


def tensor_of(url: memoryview) -> Tensor:
    """The tensor in a data URL. Its memory is the caller's, who may change it.

    Raises:
        ValueError: it is none; the message is for the client.
    """
    return tensor_in(_decoded(url[_content_at(url) :]))


def url_of(tensor: Tensor) -> Iterator[bytes]:
    """The data URL of a tensor, in pieces. Raises ``BadTensor`` if PyTorch has no such dtype."""
    head, data, tail = pieces(tensor)
    yield START + binascii.b2a_base64(head, newline=False)  # Without padding, see ALIGNED_BYTES.
    whole_bytes = data.nbytes // 3 * 3
    for begin in range(0, whole_bytes, PIECE_BYTES):
        yield binascii.b2a_base64(
            data[begin : min(begin + PIECE_BYTES, whole_bytes)], newline=False
        )
    yield binascii.b2a_base64(bytes(data[whole_bytes:]) + tail, newline=False)


def _content_at(url: memoryview) -> int:
    """Where the base64 begins."""
    if url[: len(START)] == START:
        return len(START)
    head = bytes(url[:MAX_HEAD_BYTES])
    if not head.startswith(SCHEME):
        raise ValueError(
            f"expected a data URL that starts with {START.decode()}, got other text "
            "(deepinv.models.Client.serialize makes one)"
        )
    told, comma, _ = head[len(SCHEME) :].partition(b",")
    media_type, *parameters = told.decode("ascii", "replace").split(";")
    if not comma or media_type.strip().lower() != MEDIA_TYPE:
        raise ValueError(
            f"the media type of the data URL is {media_type[:100]!r}, expected {MEDIA_TYPE}: a "
            "tensor that torch.save has written"
        )
    if not parameters or parameters[-1].strip().lower() != "base64":
        raise ValueError("the data URL must be encoded in base64")
    return len(SCHEME) + len(told) + 1


def _decoded(encoded: memoryview) -> memoryview:
    """Decode base64 piece by piece, so that there is never a second copy of all."""
    if encoded.nbytes % 4:
        raise ValueError("the data URL is not valid base64: it is incomplete")
    padding_bytes = bytes(encoded[-2:]).count(b"=")
    decoded = memoryview(bytearray(encoded.nbytes // 4 * 3 - padding_bytes))
    filled_bytes = 0
    for begin in range(0, encoded.nbytes, PIECE_BYTES):
        piece = encoded[begin : begin + PIECE_BYTES]
        try:
            content = binascii.a2b_base64(piece)
        except binascii.Error:
            content = b""
        # It passes over other characters, and may end at padding.
        expected_bytes = min(piece.nbytes // 4 * 3, decoded.nbytes - filled_bytes)
        if len(content) != expected_bytes:
            raise ValueError("the data URL is not valid base64")
        decoded[filled_bytes : filled_bytes + expected_bytes] = content
        filled_bytes += expected_bytes
    return decoded
