"""An entry of the access log, and how it is written.

Most requests are like others, so what they have in common is kept as it is written.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from deepaas.json_lines import json_line
from deepaas.visible import visible

_PLAIN = re.compile(r"[!#-\[\]-~]+")

Alike = tuple[str, str, str, str, int, str, str, str]
"""What many entries have in common, in the order of their fields; empty if unknown."""

_BEFORE = ("client", "method", "route", "path", "status")
_AFTER = ("door", "model", "key")
"""The fields of :data:`Alike`, before and after what was measured."""


class AccessEntry(msgspec.Struct):
    """What a line tells. The id of a trace is in lower-case hexadecimal, empty without one."""

    alike: Alike
    seconds: float
    received_bytes: int
    sent_bytes: int
    request_id: str
    trace_id: str

    def fields(self) -> dict[str, Any]:
        """Those that are known."""
        before, after = _split(self.alike)
        ids = _known((("request_id", self.request_id), ("trace_id", self.trace_id)))
        return {
            **before,
            "seconds": round(self.seconds, 6),
            "received_bytes": self.received_bytes,
            "sent_bytes": self.sent_bytes,
            **after,
            **dict(ids),
        }


def as_text_line(entry: AccessEntry, when: str) -> str:
    return f"time={when} {as_text(entry)}"


def as_text(entry: AccessEntry) -> str:
    """``name=value`` pairs, quoted where necessary."""
    before, after = _text_parts(entry.alike)
    # Ids need no quotes.
    trace = f" trace_id={entry.trace_id}" if entry.trace_id else ""
    return (
        f"{before}seconds={entry.seconds:.6f} received_bytes={entry.received_bytes} "
        f"sent_bytes={entry.sent_bytes} {after}request_id={entry.request_id}{trace}"
    )


def as_json_line(entry: AccessEntry, when: str) -> str:
    """An object in one line."""
    before, after = _json_parts(entry.alike)
    trace = f',"trace_id":"{entry.trace_id}"' if entry.trace_id else ""
    return (
        f'{{"time":"{when}",{before}"seconds":{entry.seconds:.6f},'
        f'"received_bytes":{entry.received_bytes},"sent_bytes":{entry.sent_bytes},'
        f'{after}"request_id":"{entry.request_id}"{trace}}}'
    )


def _known(pairs: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, Any]]:
    return ((name, value) for name, value in pairs if value != "")


@functools.lru_cache(512)
def _text_parts(alike: Alike) -> tuple[str, str]:
    """Before and after what was measured, each with what separates it from the next field."""
    before, after = _split(alike)
    return _pairs(before), _pairs(after)


@functools.lru_cache(512)
def _json_parts(alike: Alike) -> tuple[str, str]:
    before, after = _split(alike)
    return _members(before), _members(after)


def _split(alike: Alike) -> tuple[dict[str, Any], dict[str, Any]]:
    before = _known(zip(_BEFORE, alike, strict=False))
    after = _known(zip(_AFTER, alike[len(_BEFORE) :], strict=True))
    return dict(before), dict(after)


def _pairs(fields: Mapping[str, Any]) -> str:
    return "".join([f"{name}={_quoted(str(one))} " for name, one in fields.items()])


def _members(fields: Mapping[str, Any]) -> str:
    return f"{json_line(fields)[1:-1]}," if fields else ""


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{visible(escaped)}"'
