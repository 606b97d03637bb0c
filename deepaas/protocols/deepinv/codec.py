"""The codec of this door, which runs in the worker."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from deepaas.messages import Values
from deepaas.protocols.deepinv import arguments, results
from deepaas.protocols.deepinv.asked import ABOUT, RECEIVED, AnswerWish, CallOutline

_outlines = msgspec.json.Decoder(CallOutline)


@functools.lru_cache(maxsize=8)
def _outline(about: str) -> CallOutline:
    """The same in all requests, until the model is reloaded; nobody changes it."""
    return _outlines.decode(about)


def decode(body: bytes | bytearray | memoryview, headers: Mapping[str, str]) -> Values:
    """``ValueError`` and ``msgspec.MsgspecError`` have messages for the client."""
    outline = _outline(headers[ABOUT])
    wish = AnswerWish(streams=outline.streams)
    if received_ns := headers.get(RECEIVED):
        wish.waited_seconds = max(0.0, (time.time_ns() - int(received_ns)) / 1e9)
    values = arguments.values_of(memoryview(body), outline)
    if received_ns:
        wish.began_ns = time.perf_counter_ns()
    values.wanted = msgspec.to_builtins(wish)
    return values


def encode(result: Any, wanted: Mapping[str, Any]) -> tuple[str, list[bytes], dict[str, str]]:
    """``ValueError`` has a message for the client."""
    return results.encoded(result, msgspec.convert(wanted, AnswerWish))
