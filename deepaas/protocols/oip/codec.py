"""The codec of this door, which runs in the worker."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from deepaas.messages import Values
from deepaas.protocols.oip import generation, inference_answer, inference_request
from deepaas.protocols.oip.asked import ABOUT, ACTION, GENERATE, LENGTH, ModelOutline, Wish

_outlines = msgspec.json.Decoder(ModelOutline)


@functools.lru_cache(maxsize=8)
def _outline(about: str) -> ModelOutline:
    """The same in all requests, until the model is reloaded; nobody changes it."""
    return _outlines.decode(about)


def decode(body: bytes | bytearray | memoryview, headers: Mapping[str, str]) -> Values:
    """``ValueError`` and ``msgspec.MsgspecError`` have messages for the client."""
    outline = _outline(headers[ABOUT])
    if headers[ACTION] == GENERATE:
        return generation.values_of(memoryview(body), outline)
    return inference_request.values_of(memoryview(body), headers[LENGTH], outline)


def encode(
    result: Any, wanted: Mapping[str, Any]
) -> tuple[str, bytes | Sequence[bytes], dict[str, str]]:
    """``ValueError`` has a message for the client."""
    wish = msgspec.convert(wanted, Wish)
    if wish.action == GENERATE:
        return generation.encoded(result, wish)
    return inference_answer.encoded(result, wish)
