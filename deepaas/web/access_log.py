"""The access log: a line for each request, except health checks and metrics."""

from __future__ import annotations

import asyncio
import atexit
import functools
import logging
import time
from collections.abc import Callable

from aiohttp import web

from deepaas.json_lines import timestamp
from deepaas.log_file import open_log_file
from deepaas.outlet import Outlet
from deepaas.web.access_entry import AccessEntry, as_json_line, as_text, as_text_line
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

Write = Callable[[AccessEntry], None]

Form = Callable[[AccessEntry, str], str]
"""As text; the second argument is the time."""


class Batch:
    """Writes lines together: to wake the thread that writes for each costs more than the line."""

    def __init__(self, file: Outlet, form: Form) -> None:
        self._file = file
        self._form = form
        self._lines: list[str] = []
        self._loop = asyncio.get_running_loop()
        atexit.register(self._write)

    def add(self, entry: AccessEntry) -> None:
        if not self._lines:
            self._loop.call_later(BATCH_SECONDS, self._write)
        self._lines.append(self._form(entry, timestamp(time.time())))

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            self._file.write("\n".join([*lines, ""]))


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
        door, route, model = facts
        if is_quiet(route):
            return
        alike = (
            self._proxies.client(request),
            request.method,
            route,
            shown_path(request, route),
            status_of(response),
            door,
            model,
            key_of(request),
        )
        self._write(
            AccessEntry(
                alike,
                seconds,
                getattr(request.content, "total_bytes", 0),
                request.writer.output_size,
                request_id(request),
                trace_id_of(request),
            )
        )


def writing(place: str, *, as_json: bool) -> Write:
    """Where lines go: to a file, or to the log. Raises ``ConfigError``."""
    if place == THE_LOG:
        _log.setLevel(logging.INFO)  # Asked for, whatever the level of the log.
        return _to_log
    batch = Batch(open_log_file("access-log", place), as_json_line if as_json else as_text_line)
    return batch.add


@functools.lru_cache(1024)
def is_quiet(route: str) -> bool:
    """Whether it is requested every few seconds."""
    last = route.rstrip("/").rpartition("/")[2]
    return last in QUIET


def _to_log(entry: AccessEntry) -> None:
    _, method, route, path, status, *_ = entry.alike
    fields = {"message": f"{method} {path or route} {status}", **entry.fields()}
    _log.info("%s", as_text(entry), extra={"fields": fields})


def shown_path(request: web.BaseRequest, route: str) -> str:
    """As the client has sent it. Those of pages behind the host contain ids of sessions."""
    if route.endswith("{tail}"):
        return ""
    path = request.rel_url.raw_path
    return path if len(path) <= MAX_PATH_CHARACTERS else f"{path[:MAX_PATH_CHARACTERS]}…"
