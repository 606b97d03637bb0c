"""Server-sent events (section 9.2 of the HTML standard).

A stream ends with its iterator, its client or the host; the browser's ``EventSource`` then
reconnects by itself and sends the id of the last event it received.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import hdrs, web

from deepaas.errors import DeepaasError
from deepaas.web.bounded import WAITING_BYTES, bound, send
from deepaas.web.errors import new_reference, no_space, respond_to_error
from deepaas.web.health import DRAIN

_log = logging.getLogger(__name__)

MEDIA_TYPE = "text/event-stream"

KEEP_ALIVE_SECONDS = 15.0
"""After this time without events a comment is sent, so that proxies keep the stream open."""

RETRY_MS = 3000

ACCEPT_CHARACTERS = 8 * 1024
"""How much of the Accept headers is read; they could be a hundred times longer."""

_HEADERS = {
    hdrs.CACHE_CONTROL: "no-cache",
    # nginx would buffer events otherwise.
    "X-Accel-Buffering": "no",
}
_COMMENT = b": \n\n"
_LINE_END = re.compile(r"\r\n|\r|\n")

_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"?')
_QUALITY = re.compile(r";\s*q\s*=\s*([^;\s]*)", re.IGNORECASE)
_QUALITY_VALUE = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


@dataclass(frozen=True)
class SentEvent:
    """One event.

    Attributes:
        name: empty for an unnamed event, which browsers call ``message``.
        data: any text. All line ends arrive as ``\\n``.
        id: sent by a client that reconnects; None keeps the previous one.
    """

    name: str
    data: str
    id: str | None = None

    def encode(self) -> bytes:
        """``ValueError`` if the name or the id has characters that would break the stream."""
        if re.search(r"[\r\n]", self.name) or re.search(r"[\r\n\0]", self.id or ""):
            raise ValueError(f"invalid name or id of an event: {self.name!r}, {self.id!r}")
        lines = [f"event: {self.name}"] if self.name else []
        if self.id is not None:
            lines.append(f"id: {self.id}")
        lines += [f"data: {line}" for line in _LINE_END.split(self.data)]
        return "\n".join([*lines, "", ""]).encode(errors="replace")


@dataclass(frozen=True)
class LongEvent:
    """One event with data that is not in memory: pieces of one line of UTF-8."""

    name: str
    pieces: Callable[[], Iterator[bytes]]


Events = AsyncIterator[SentEvent] | AsyncIterator[SentEvent | LongEvent]


def wants_events(request: web.Request) -> bool:
    """Whether the client prefers events to everything else; ``*/*`` expresses no preference."""
    if hdrs.ACCEPT not in request.headers:
        return False
    qualities = liked(request)
    events = qualities.pop(MEDIA_TYPE, 0.0)
    return events > 0 and events >= max(qualities.values(), default=0.0)


def liked(request: web.Request) -> dict[str, float]:
    """The media ranges of the Accept headers, with their quality values from 0 to 1."""
    given = ",".join(request.headers.getall(hdrs.ACCEPT, []))[:ACCEPT_CHARACTERS]
    return dict(_accepted(given))


def _accepted(header: str) -> Iterator[tuple[str, float]]:
    for found in _QUOTED.sub("", header).split(","):
        quality = _QUALITY.search(found)
        value = quality[1] if quality else "1"
        name = found.partition(";")[0].strip().lower()
        if name and _QUALITY_VALUE.fullmatch(value):
            yield name, float(value)


def last_event_id(request: web.Request) -> str:
    """Empty for a client that connects for the first time."""
    given = request.headers.get("Last-Event-ID", "")
    return given.encode(errors="surrogateescape").decode(errors="replace")


def nothing_more() -> web.Response:
    """The response that makes ``EventSource`` stop reconnecting."""
    return web.Response(status=204, headers={hdrs.CACHE_CONTROL: "no-cache"})


async def stream(
    request: web.Request,
    events: Events,
    *,
    retry_ms: int | None = RETRY_MS,
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
    until_drain: bool = True,
    content_type: str = f"{MEDIA_TYPE}; charset=utf-8",
) -> web.StreamResponse:
    """Send events until there are no more, the client disconnects or the host stops.

    If the iterator raises an exception, the stream ends with an event ``error``. Its data is the
    JSON of the corresponding error response.

    Args:
        events: always closed at the end.
        retry_ms: the time after which clients reconnect; None if they cannot.
        keep_alive_seconds: the time without events after which a comment is sent.
        until_drain: end the stream when the host starts to stop, instead of waiting for its end.
    """
    response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: content_type, **_HEADERS})
    try:
        await response.prepare(request)
        bound(request)
        if request.method != hdrs.METH_HEAD:
            if retry_ms is not None:
                await response.write(f"retry: {retry_ms}\n\n".encode())
            sending = _send(request, response, events, keep_alive_seconds)
            await (_until_drain(request, sending) if until_drain else sending)
    except ConnectionError:
        pass  # The client has left.
    finally:
        await _close(events)
    return response


async def _until_drain(request: web.Request, sending: Coroutine[Any, Any, None]) -> None:
    """Send until the host starts to stop, so that the host does not wait for the end."""
    drain = request.config_dict.get(DRAIN)
    task = asyncio.ensure_future(sending)
    tasks = [task] if drain is None else [task, asyncio.ensure_future(drain.begins())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _stop(*tasks)
    if not task.cancelled():
        task.result()


async def _send(
    request: web.Request,
    response: web.StreamResponse,
    events: Events,
    keep_alive_seconds: float,
) -> None:
    while True:
        following = asyncio.ensure_future(_next(events))
        try:
            while not (await asyncio.wait((following,), timeout=keep_alive_seconds))[0]:
                await send(request, response, _COMMENT)
        finally:
            # The iterator cannot be closed while its next value is awaited.
            await _stop(following)
        try:
            event = following.result()
            if event is None:
                return
            pieces = _long(event) if isinstance(event, LongEvent) else iter((event.encode(),))
        except Exception as error:
            await send(request, response, _error_event(request, error).encode())
            return
        for piece in pieces:
            await send(request, response, piece)


def _long(event: LongEvent) -> Iterator[bytes]:
    ready = f"event: {event.name}\ndata: ".encode() if event.name else b"data: "
    for piece in event.pieces():
        if len(ready) + len(piece) > WAITING_BYTES:
            yield ready
            ready = b""
        ready += piece
    yield ready + b"\n\n"


async def _next(
    events: Events,
) -> SentEvent | LongEvent | None:
    try:
        return await events.__anext__()
    except StopAsyncIteration:
        return None


async def _stop(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _error_event(request: web.Request, error: Exception) -> SentEvent:
    error = no_space(error) or error
    if isinstance(error, DeepaasError):
        body = respond_to_error(request, error).body
        assert isinstance(body, bytes)
    else:
        reference = new_reference()
        _log.error(
            "[%s] %s %s: internal error",
            reference,
            request.method,
            request.path,
            exc_info=error,
        )
        told = {"code": 500, "message": "internal error in the host", "error": "error"}
        body = msgspec.json.encode({**told, "id": reference})
    return SentEvent("error", body.decode())


async def _close(events: Events) -> None:
    close = getattr(events, "aclose", None)
    try:
        if close is not None:
            await close()
    except Exception:
        _log.exception("cannot close the source of an event stream")
