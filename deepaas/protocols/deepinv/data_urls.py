"""Tensors as data URLs (RFC 2397): base64 of a file of ``torch.save``."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from deepaas.messages import Tensor
from deepaas.tensors.base64_memory import decoded, encoded
from deepaas.tensors.torch_files import tensor_in
from deepaas.tensors.torch_writer import pieces

MEDIA_TYPE = "application/octet-stream"
START = f"data:{MEDIA_TYPE};base64,".encode()

SCHEME = b"data:"

MAX_HEAD_BYTES = 200


def tensor_of(url: memoryview) -> Tensor:
    """The tensor in a data URL. Its memory is the caller's, who may change it.

    Raises:
        ValueError: it is none; the message is for the client.
    """
    content = url[_content_at(url) :]
    try:
        held = decoded(content)
    except ValueError as error:
        raise ValueError(f"the data URL is not valid base64: {error}") from None
    return tensor_in(held)


def url_of(tensor: Tensor) -> Iterator[bytes]:
    """The data URL of a tensor, in pieces. Raises ``BadTensor`` if PyTorch has no such dtype."""
    head, data, tail = pieces(tensor)
    whole_bytes = data.nbytes // 3 * 3
    yield START
    yield from encoded(memoryview(head))  # Without padding, see ALIGNED_BYTES.
    yield from encoded(data[:whole_bytes])
    yield base64.b64encode(bytes(data[whole_bytes:]) + tail)


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
