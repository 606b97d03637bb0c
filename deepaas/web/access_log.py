"""The access log: a line for each request, except health checks and metrics."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from deepaas.json_lines import json_line, timestamp
from deepaas.log_file import open_log_file
from deepaas.visible import visible
from deepaas.web.facts import FactFinder
from deepaas.web.forwarded import TrustedProxies
from deepaas.web.observers import status_of
from deepaas.web.request_id import Details

_log = logging.getLogger("deepaas.access")

THE_LOG = "-"

QUIET = frozenset(("healthz", "readyz", "health-check", "metrics", "live", "ready"))
"""The last part of the routes of health checks and metrics."""

MAX_PATH_CHARACTERS = 1024

Fields = Mapping[str, Any]

Write = Callable[[Fields], None]

_PLAIN = re.compile(r"[^\s\"=\\]+")


class AccessLog:
    """An observer. Query strings, headers and bodies are not logged: they can contain secrets."""

    def __init__(
        self, facts: FactFinder, proxies: TrustedProxies, details: Details, write: Write
    ) -> None:
        self._facts = facts
        self._proxies = proxies
        self._details = details
        self._write = write

    def ended(
        self, request: web.BaseRequest, response: web.StreamResponse | None, seconds: float
    ) -> None:
        facts = self._facts.of(request)
        if is_quiet(facts.route):
            return
        details = self._details(request)
        self._write(
            {
                "client": self._proxies.client(request),
                "method": request.method,
                "route": facts.route,
                "path": shown_path(request, facts.route),
                "status": status_of(response),
                "seconds": round(seconds, 6),
                "received_bytes": getattr(request.content, "total_bytes", 0),
                "sent_bytes": request.writer.output_size,
                "door": facts.door,
                "model": facts.model,
                "key": details.key,
                "request_id": details.request_id,
                "trace_id": details.trace_id,
            }
        )


def writing(place: str, *, as_json: bool) -> Write:
    """Where lines go: to a file, or to the log. Raises ``ConfigError``."""
    if place == THE_LOG:
        _log.setLevel(logging.INFO)  # Asked for, whatever the level of the log.
        return _to_log
    file = open_log_file("access-log", place)
    if as_json:
        return lambda fields: _discard(file.write(f"{json_line({**_now(), **_given(fields)})}\n"))
    return lambda fields: _discard(file.write(f"{as_text({**_now(), **fields})}\n"))


def is_quiet(route: str) -> bool:
    """Whether it is requested every few seconds."""
    last = route.rstrip("/").rpartition("/")[2]
    return last in QUIET


def as_text(fields: Fields) -> str:
    """``name=value`` pairs, quoted where necessary; empty ones are left out."""
    return " ".join(f"{name}={_quoted(str(one))}" for name, one in _given(fields).items())


def _to_log(fields: Fields) -> None:
    _log.info("%s", as_text(fields), extra={"fields": _given(fields)})


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return visible(text)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{visible(escaped)}"'


def _given(fields: Fields) -> dict[str, Any]:
    return {name: one for name, one in fields.items() if one != ""}


def _now() -> dict[str, str]:
    return {"time": timestamp(time.time())}


def _discard(_written: int) -> None:
    pass


def shown_path(request: web.BaseRequest, route: str) -> str:
    """As the client has sent it. Those of pages behind the host contain ids of sessions."""
    if route.endswith("{tail}"):
        return ""
    path = request.rel_url.raw_path
    return path if len(path) <= MAX_PATH_CHARACTERS else f"{path[:MAX_PATH_CHARACTERS]}…"
