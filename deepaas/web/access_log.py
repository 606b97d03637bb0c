"""The access log: a line for each request, except health checks and metrics."""

from __future__ import annotations

import asyncio
import atexit
import functools
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from deepaas.json_lines import json_line, timestamp
from deepaas.log_file import open_log_file
from deepaas.outlet import Outlet
from deepaas.visible import visible
from deepaas.web.facts import RequestFacts
from deepaas.web.forwarded import TrustedProxies
from deepaas.web.observers import status_of
from deepaas.web.request_details import key_of, trace_id_of
from deepaas.web.request_id import request_id

_log = logging.getLogger("deepaas.access")

THE_LOG = "-"

QUIET = frozenset(("healthz", "readyz", "health-check", "metrics", "live", "ready"))
"""The last part of the routes of health checks and metrics."""

MAX_PATH_CHARACTERS = 1024

BATCH_SECONDS = 0.1

Fields = Mapping[str, Any]

Write = Callable[[Fields], None]

_PLAIN = re.compile(r"[!#-\[\]-~]+")


class Batch:
    """Writes lines together: to wake the thread that writes for each costs more than the line."""

    def __init__(self, file: Outlet) -> None:
        self._file = file
        self._lines: list[str] = []
        self._loop = asyncio.get_running_loop()
        atexit.register(self._write)

    def add(self, line: str) -> None:
        if not self._lines:
            self._loop.call_later(BATCH_SECONDS, self._write)
        self._lines.append(line)

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            self._file.write("".join(f"{line}\n" for line in lines))


class AccessLog:
    """An observer. Query strings, headers and bodies are not logged: they can contain secrets."""

    def __init__(self, proxies: TrustedProxies, write: Write) -> None:
        self._proxies = proxies
        self._write = write

    def ended(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse | None,
        seconds: float,
        facts: RequestFacts,
    ) -> None:
        if is_quiet(facts.route):
            return
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
                "key": key_of(request),
                "request_id": request_id(request),
                "trace_id": trace_id_of(request),
            }
        )


def writing(place: str, *, as_json: bool) -> Write:
    """Where lines go: to a file, or to the log. Raises ``ConfigError``."""
    if place == THE_LOG:
        _log.setLevel(logging.INFO)  # Asked for, whatever the level of the log.
        return _to_log
    batch = Batch(open_log_file("access-log", place))
    form = json_line if as_json else as_text
    return lambda fields: batch.add(form(_given({"time": timestamp(time.time()), **fields})))


def is_quiet(route: str) -> bool:
    """Whether it is requested every few seconds."""
    last = route.rstrip("/").rpartition("/")[2]
    return last in QUIET


def as_text(fields: Fields) -> str:
    """``name=value`` pairs, quoted where necessary."""
    return " ".join(
        [f"{name}={_quoted(one) if type(one) is str else one}" for name, one in fields.items()]
    )


def _to_log(fields: Fields) -> None:
    given = _given(fields)
    message = f"{fields['method']} {fields['path'] or fields['route']} {fields['status']}"
    _log.info("%s", as_text(given), extra={"fields": {"message": message, **given}})


@functools.lru_cache(256)
def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{visible(escaped)}"'


def _given(fields: Fields) -> dict[str, Any]:
    return {name: one for name, one in fields.items() if one != ""}


def shown_path(request: web.BaseRequest, route: str) -> str:
    """As the client has sent it. Those of pages behind the host contain ids of sessions."""
    if route.endswith("{tail}"):
        return ""
    path = request.rel_url.raw_path
    return path if len(path) <= MAX_PATH_CHARACTERS else f"{path[:MAX_PATH_CHARACTERS]}…"
