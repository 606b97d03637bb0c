"""What is seen of a server, aspect by aspect, without what is new each time."""

from __future__ import annotations

import re
from typing import Any

from ..wire import Answer

Seen = dict[str, Any]
"""Values by aspect: `status`, `content-type`, `body.error` and so on."""

MADE_UP_ID = re.compile(r"pred_[0-9a-f]{16}")
HEADERS = ("allow", "cache-control", "location")


def answer(got: Answer, name: str = "") -> Seen:
    """An answer; `name` stands before each aspect."""
    found: Seen = {"status": got.status}
    if got.content:
        found["content-type"] = got.media_type
    for header in HEADERS:
        if header in got.headers:
            found[header] = got.headers[header]
    if got.media_type == "text/event-stream":
        found["events"] = events(got.content)
    else:
        found |= body(got.body)
    return prefixed(found, name)


def body(value: Any) -> Seen:
    """A body, an object part by part."""
    value = steady(value)
    if isinstance(value, dict) and value:
        return {f"body.{key}": part for key, part in value.items()}
    return {"body": value}


def prefixed(found: Seen, name: str) -> Seen:
    return {f"{name}.{aspect}": value for aspect, value in found.items()} if name else found


def steady(value: Any) -> Any:
    """A value without what differs from one call to the next."""
    if isinstance(value, dict):
        return {
            key: "a time" if key in TIMES and isinstance(part, (int, float, str)) else steady(part)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [steady(part) for part in value]
    if isinstance(value, str):
        return MADE_UP_ID.sub("pred_made_up", value)
    return value


TIMES = frozenset({"predict_time", "started_at", "completed_at", "created_at"})


def events(content: bytes) -> list[list[Any]]:
    """Server-sent events: kind and data of each; texts that follow each other are one."""
    import json

    found: list[list[Any]] = []
    for block in content.decode().split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.splitlines())
        if "event" not in fields:
            continue
        kind, data = fields["event"], steady(json.loads(fields["data"]))
        if kind == "log" and found and found[-1][0] == "log":
            found[-1][1]["data"] += data["data"]
        else:
            found.append([kind, data])
    return found
