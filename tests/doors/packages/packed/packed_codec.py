"""The worker's half of a door whose bodies are MessagePack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from deepaas.messages import Values

ODD: dict[str, Any] = {
    "text": ("text/plain", "text"),
    "header": ("text/plain\r\nX-A: b", b"q"),
    "none": (None, b""),
}


def decode(body: bytes, headers: Mapping[str, str]) -> Values:
    given = msgspec.msgpack.decode(body)
    if not isinstance(given, dict):
        raise ValueError("the body is no map")
    return Values({**given, "mood": headers.get("x-mood", "")})


def encode(result: Any) -> tuple[str, bytes]:
    if odd := ODD.get(result["mood"]):
        return odd
    return "application/msgpack", msgspec.msgpack.encode(result)
