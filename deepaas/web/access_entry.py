"""An entry of the access log, and how it is written.

Most requests are like others, so what they have in common is kept as it is written.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from deepaas.json_lines import json_line
from deepaas.visible import visible

_PLAIN = re.compile(r"[!#-\[\]-~]+")


class AccessEntry(NamedTuple):
    """What a line tells; empty if unknown. The id of a trace is in lower-case hexadecimal."""

    client: str
    method: str
    route: str
    path: str
    status: int
    seconds: float
    received_bytes: int
    sent_bytes: int
    door: str
    model: str
    key: str
    request_id: str
    trace_id: str


_MEASURED = AccessEntry._fields.index("seconds")
_AFTER = AccessEntry._fields.index("door")
_IDS = AccessEntry._fields.index("request_id")
"""Before, between and after these positions are the fields that many entries share."""


def as_text_line(entry: AccessEntry, when: str) -> str:
    return f"time={when} {as_text(entry)}"


def as_text(entry: AccessEntry) -> str:
    """``name=value`` pairs, quoted where necessary."""
    # Ids need no quotes.
    trace = f" trace_id={entry.trace_id}" if entry.trace_id else ""
    return (
        f"{_shared(_pairs, 0, entry[:_MEASURED])}seconds={entry.seconds:.6f} "
        f"received_bytes={entry.received_bytes} sent_bytes={entry.sent_bytes} "
        f"{_shared(_pairs, _AFTER, entry[_AFTER:_IDS])}request_id={entry.request_id}{trace}"
    )


def as_json_line(entry: AccessEntry, when: str) -> str:
    """An object in one line."""
    trace = f',"trace_id":"{entry.trace_id}"' if entry.trace_id else ""
    return (
        f'{{"time":"{when}",{_shared(_members, 0, entry[:_MEASURED])}'
        f'"seconds":{entry.seconds:.6f},"received_bytes":{entry.received_bytes},'
        f'"sent_bytes":{entry.sent_bytes},{_shared(_members, _AFTER, entry[_AFTER:_IDS])}'
        f'"request_id":"{entry.request_id}"{trace}}}'
    )


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are known."""
    return {name: one for name, one in fields.items() if one != ""}


@functools.lru_cache(512)
def _shared(write: Callable[[Mapping[str, Any]], str], first: int, values: tuple[Any, ...]) -> str:
    """Several fields, with what separates them from the next one."""
    return write(given(dict(zip(AccessEntry._fields[first:], values, strict=False))))


def _pairs(fields: Mapping[str, Any]) -> str:
    return "".join([f"{name}={_quoted(str(one))} " for name, one in fields.items()])


def _members(fields: Mapping[str, Any]) -> str:
    return f"{json_line(fields)[1:-1]}," if fields else ""


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{visible(escaped)}"'
