"""The log as JSON lines, for programs that collect logs."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from deepaas.request_context import CURRENT, NO_REQUEST, RequestDetails
from deepaas.visible import visible

MAX_LINE_BYTES = 16 * 1024
"""Container runtimes split longer lines, which would not be JSON any more."""

CUT = "…"


def timestamp(seconds: float) -> str:
    """RFC 3339, in UTC, with milliseconds. ``seconds``: since the epoch."""
    return _millisecond(int(seconds * 1000))


@functools.lru_cache(2)
def _millisecond(milliseconds: int) -> str:
    """Lines come many in one."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)}.{rest:03}Z"


@functools.lru_cache(2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()[:19]


class JsonFormatter(logging.Formatter):
    """One line for each record, or for each line that a model has printed."""

    def format(self, record: logging.LogRecord) -> str:
        about: RequestDetails = getattr(record, "about", None) or _current()
        head = {
            "time": timestamp(record.created),
            "level": record.levelname,
            "logger": record.name,
        }
        fields = {name: value for name, value in about._asdict().items() if value}
        if (access := getattr(record, "fields", None)) is not None:
            return json_line({**head, **access})
        messages: list[str] = getattr(record, "lines", None) or [record.getMessage()]
        traceback = ""
        if record.exc_info:
            traceback = record.exc_text or self.formatException(record.exc_info)
        if record.stack_info:
            traceback = f"{traceback}\n{record.stack_info}".lstrip("\n")
        more = {"traceback": traceback} if traceback else {}
        return "\n".join(
            json_line({**head, "message": each, **fields, **more}) for each in messages
        )


def json_line(fields: Mapping[str, Any]) -> str:
    """An object as one line of a limited length; its longest texts are cut if necessary.

    A traceback is cut at its beginning, because the error is at its end.
    """
    shown = {name: visible(one) if isinstance(one, str) else one for name, one in fields.items()}
    line = _encoded(shown)
    while len(line.encode()) >= MAX_LINE_BYTES:
        texts = {name: one for name, one in shown.items() if isinstance(one, str)}
        longest = max(texts, key=lambda name: len(texts[name]))
        text = texts[longest]
        half = len(text) // 2
        shown[longest] = CUT + text[-half:] if longest == "traceback" else text[:half] + CUT
        line = _encoded(shown)
    return line


def _encoded(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _current() -> RequestDetails:
    context = CURRENT.get()
    return NO_REQUEST if context is None else context.details()
