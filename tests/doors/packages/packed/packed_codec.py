"""The worker's half of a door whose bodies are MessagePack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from deepaas.messages import Values
from deepaas.runtime.codecs import Bytes, EncodedResult

ODD: dict[str, Any] = {
    "text": ("text/plain", "text"),
    "header": ("text/plain\r\nX-A: b", b"q"),
    "none": (None, b""),
    "piece": ("text/plain", [b"a", "b"]),
    "told": ("text/plain", b"q", {"X-A": "b\r\nX-C: d"}),
    "untold": ("text/plain", b"q", {"X-A": None}),
}


def decode(body: Bytes, headers: Mapping[str, str]) -> Values:
    given = msgspec.msgpack.decode(body)
    if not isinstance(given, dict):
        raise ValueError("the body is no map")
    mood = headers.get("x-mood", "")
    return Values({**given, "mood": mood}, wanted={"mood": mood})


def encode(result: Any, wanted: Mapping[str, Any]) -> EncodedResult:
    if result["mood"] == "refused":
        raise ValueError("it cannot be had in that mood")
    if odd := ODD.get(result["mood"]):
        return odd
    packed = msgspec.msgpack.encode(result)
    middle = len(packed) // 2
    pieces = [packed[:middle], memoryview(packed)[middle:]]
    return EncodedResult("application/msgpack", pieces, {"X-Mood": wanted["mood"] or "none"})
