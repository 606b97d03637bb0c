"""The priority of a request and its time limit in the queue, which are among its parameters.

https://github.com/triton-inference-server/server, docs/protocol/extension_schedule_policy.md:
``priority``, and ``timeout`` in microseconds; 0 is the default of both.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from deepaas.errors import MalformedRequest
from deepaas.messages import INLINE_BYTES, Encoded
from deepaas.protocols.oip.asked import ABOUT, ACTION, GENERATE, ModelOutline
from deepaas.turns import LAST_PRIORITY, Turn

MAX_JSON_BYTES = 1024 * 1024
"""Longer JSON is not read here, because other requests would have to wait for that."""

MICROSECOND = 1e-6

PRIORITY, TIMEOUT = "priority", "timeout"

_NAMES = (b'"priority"', b'"timeout"')


class _Parameters(msgspec.Struct):
    priority: Any = None
    timeout: Any = None


class _Request(msgspec.Struct):
    parameters: _Parameters | None = None


_decoder = msgspec.json.Decoder(_Request)
_outlines = msgspec.json.Decoder(ModelOutline)


async def turn_of(asked: Encoded, json_bytes: int | None, usual: Turn) -> Turn:
    """What the parameters of a request say; `usual` is for what they do not.

    Args:
        json_bytes: the length of the JSON at the beginning of the body; None for all of it.

    Raises:
        MalformedRequest: one of them cannot be read.
    """
    content = asked.body[:json_bytes]
    if asked.path and json_bytes != 0:
        if json_bytes is not None and json_bytes <= INLINE_BYTES:
            content = _beginning(asked.path, json_bytes)
        else:
            content = await asyncio.to_thread(_beginning, asked.path, json_bytes)
    if not any(name in content for name in _NAMES):
        return usual  # Nearly all requests.
    try:
        given = _decoder.decode(content).parameters
    except msgspec.MsgspecError:
        return usual  # The worker says what is wrong.
    if given is None:
        return usual
    if asked.headers[ACTION] == GENERATE:
        # Parameters that are arguments of the model are only that.
        inputs = _outlines.decode(asked.headers[ABOUT]).inputs
        given.priority = None if PRIORITY in inputs else given.priority
        given.timeout = None if TIMEOUT in inputs else given.timeout
    return Turn(
        _priority(given.priority) or usual.priority, _seconds(given.timeout) or usual.seconds
    )


def _beginning(path: str, size_bytes: int | None) -> bytes:
    """The JSON in a file, nothing if it is too long."""
    limit_bytes = MAX_JSON_BYTES + 1
    with Path(path).open("rb") as file:
        content = file.read(limit_bytes if size_bytes is None else min(size_bytes, limit_bytes))
    return content if len(content) <= MAX_JSON_BYTES else b""


def _priority(given: Any) -> int:
    """0 for the default."""
    if given is None:
        return 0
    if type(given) is not int or not 0 <= given <= LAST_PRIORITY:
        raise MalformedRequest(
            f"parameter 'priority': {_shown(given)} is not a priority: send a whole number from 1 "
            f"(first) to {LAST_PRIORITY}, or 0 for the default"
        )
    return given


def _seconds(given: Any) -> float:
    """0 for the default."""
    if given is None:
        return 0.0
    if type(given) is not int or given < 0:
        raise MalformedRequest(
            f"parameter 'timeout': {_shown(given)} is not a time limit: send a whole number of "
            "microseconds, or 0 for the default"
        )
    return given * MICROSECOND


def _shown(given: Any) -> str:
    return msgspec.json.encode(given)[:100].decode(errors="replace")
