"""The access log: a line for each request, except health checks and metrics."""

from __future__ import annotations

import asyncio
import atexit
import functools
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

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


Write = Callable[[AccessEntry], None]


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
        door, route, model = facts
        if is_quiet(route):
            return
        self._write(
            AccessEntry(
                self._proxies.client(request),
                request.method,
                route,
                shown_path(request, route),
                status_of(response),
                seconds,
                getattr(request.content, "total_bytes", 0),
                request.writer.output_size,
                door,
                model,
                key_of(request),
                request_id(request),
                trace_id_of(request),
            )
        )


def writing(place: str, *, as_json: bool) -> Write:
    """Where lines go: to a file, or to the log. Raises ``ConfigError``."""
    if place == THE_LOG:
        _log.setLevel(logging.INFO)  # Asked for, whatever the level of the log.
        return _to_log
    batch = Batch(open_log_file("access-log", place))
    form = json_entry if as_json else text_entry
    return lambda entry: batch.add(form(entry, timestamp(time.time())))


@functools.lru_cache(1024)
def is_quiet(route: str) -> bool:
    """Whether it is requested every few seconds."""
    last = route.rstrip("/").rpartition("/")[2]
    return last in QUIET


def text_entry(entry: AccessEntry, when: str) -> str:
    """``name=value`` pairs, quoted where necessary."""
    return f"time={when} {_text(entry)}"


def _text(entry: AccessEntry) -> str:
    # Most requests are like others: only what differs is written anew. Ids need no quotes.
    trace = f" trace_id={entry.trace_id}" if entry.trace_id else ""
    return (
        f"{_text_head(*entry[:5])} seconds={entry.seconds:.6f} "
        f"received_bytes={entry.received_bytes} sent_bytes={entry.sent_bytes}"
        f"{_text_tail(*entry[8:11])} request_id={entry.request_id}{trace}"
    )


@functools.lru_cache(256)
def _text_head(client: str, method: str, route: str, path: str, status: int) -> str:
    texts = {"client": client, "method": method, "route": route, "path": path}
    return f"{_text_pairs(texts)}status={status}"


@functools.lru_cache(256)
def _text_tail(door: str, model: str, key: str) -> str:
    return f" {_text_pairs({'door': door, 'model': model, 'key': key})}".rstrip()


def _text_pairs(texts: Mapping[str, str]) -> str:
    return "".join([f"{name}={_quoted(text)} " for name, text in texts.items() if text])


def json_entry(entry: AccessEntry, when: str) -> str:
    """An object in one line."""
    trace = f',"trace_id":"{entry.trace_id}"' if entry.trace_id else ""
    return (
        f'{{"time":"{when}",{_json_head(*entry[:5])},"seconds":{entry.seconds:.6f},'
        f'"received_bytes":{entry.received_bytes},"sent_bytes":{entry.sent_bytes},'
        f'{_json_tail(*entry[8:11])}"request_id":"{entry.request_id}"{trace}}}'
    )


@functools.lru_cache(256)
def _json_head(client: str, method: str, route: str, path: str, status: int) -> str:
    texts = {"client": client, "method": method, "route": route, "path": path}
    return json_line({**_given(texts), "status": status})[1:-1]


@functools.lru_cache(256)
def _json_tail(door: str, model: str, key: str) -> str:
    fields = json_line(_given({"door": door, "model": model, "key": key}))[1:-1]
    return f"{fields}," if fields else ""


def _to_log(entry: AccessEntry) -> None:
    fields = _given({**entry._asdict(), "seconds": round(entry.seconds, 6)})
    message = f"{entry.method} {entry.path or entry.route} {entry.status}"
    _log.info("%s", _text(entry), extra={"fields": {"message": message, **fields}})


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{visible(escaped)}"'


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in fields.items() if one != ""}


def shown_path(request: web.BaseRequest, route: str) -> str:
    """As the client has sent it. Those of pages behind the host contain ids of sessions."""
    if route.endswith("{tail}"):
        return ""
    path = request.rel_url.raw_path
    return path if len(path) <= MAX_PATH_CHARACTERS else f"{path[:MAX_PATH_CHARACTERS]}…"
