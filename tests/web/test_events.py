"""Server-sent events over real connections."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from yarl import URL

from deepaas.errors import ModelNotFound, WorkerDied
from deepaas.web import events
from deepaas.web.events import LongEvent, SentEvent
from deepaas.web.health import DRAIN, Drain
from deepaas.web.serving import serving

Serve = Callable[..., Awaitable[str]]
Run = Callable[[web.Application], Awaitable[str]]
PATIENCE_SECONDS = 90


class Source:
    """Events that are given one by one; knows whether it was closed."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[SentEvent | LongEvent | Exception | None] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.waits = asyncio.Event()

    def give(self, *given: SentEvent | LongEvent | Exception | None) -> Source:
        for each in given:
            self.queue.put_nowait(each)
        return self

    async def events(self) -> AsyncIterator[SentEvent | LongEvent]:
        try:
            while True:
                self.waits.set()
                given = await self.queue.get()
                if given is None:
                    return
                if isinstance(given, Exception):
                    raise given
                yield given
        finally:
            await asyncio.sleep(0)  # Closing may take its time.
            self.closed.set()


@pytest.fixture
def serve(run: Run) -> Serve:
    """Serves the events of a source as the host does, and gives the URL."""

    async def start(source: Source, drain: Drain | None = None, **options: Any) -> str:
        async def handler(request: web.Request) -> web.StreamResponse:
            return await events.stream(request, source.events(), **options)

        drain = drain or Drain()
        app = web.Application(middlewares=[serving(drain)])
        app[DRAIN] = drain
        app.router.add_get("/", handler)
        return f"{await run(app)}/"

    return start


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield session


def parsed(text: str) -> list[dict[str, str]]:
    """What a browser makes of a stream, by the rules of the HTML standard."""
    found: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line and "data" in fields:
            found.append({**fields, "data": fields["data"].removesuffix("\n")})
        if not line:
            fields = {}
        elif name == "data":
            fields["data"] = fields.get("data", "") + value + "\n"
        elif name:
            fields[name] = value
    return found


async def test_events_arrive(serve: Serve, session: aiohttp.ClientSession) -> None:
    source = Source().give(
        SentEvent("state", '{"a": 1}', "7"),
        SentEvent("log", "one\ntwo\r\nthree\rfour\u2028still four\n"),
        SentEvent("log", "", ""),
        SentEvent("log", " é ✓ 数字 \ud800", "é"),
        SentEvent("", "nameless"),
        LongEvent("", lambda: iter([b"nameless, too"])),
        None,
    )
    async with session.get(await serve(source, retry_ms=1234)) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["X-Accel-Buffering"] == "no"
        text = await answer.text()
    assert text.startswith("retry: 1234\n\n")
    assert parsed(text) == [
        {"event": "state", "id": "7", "data": '{"a": 1}'},
        {"event": "log", "data": "one\ntwo\nthree\nfour\u2028still four\n"},
        {"event": "log", "id": "", "data": ""},
        {"event": "log", "id": "é", "data": " é ✓ 数字 ?"},
        {"data": "nameless"},
        {"data": "nameless, too"},
    ]
    assert source.closed.is_set()


async def test_long_event_comes_in_pieces(serve: Serve, session: aiohttp.ClientSession) -> None:
    pieces = [b'{"a":"', "é".encode() * 1_000_000, b'"}']
    source = Source().give(LongEvent("long", lambda: iter(pieces)), SentEvent("end", ""), None)
    async with session.get(await serve(source, retry_ms=None)) as answer:
        text = await answer.text()
    assert parsed(text) == [
        {"event": "long", "data": b"".join(pieces).decode()},
        {"event": "end", "data": ""},
    ]
    assert text.startswith("event: long\n")  # Nobody can come back to it.


async def test_stream_that_has_an_end_outlasts_the_drain(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    source, drain = Source().give(SentEvent("first", "1")), Drain()
    async with session.get(await serve(source, drain, until_drain=False)) as answer:
        await answer.content.readuntil(b"data: 1\n\n")
        drain.began = True
        source.give(SentEvent("last", "2"), None)
        assert parsed((await answer.content.read()).decode()) == [{"event": "last", "data": "2"}]
        await asyncio.wait_for(drain.finished(), PATIENCE_SECONDS)


@pytest.mark.parametrize(
    "event",
    [
        SentEvent("a\nb", ""),
        SentEvent("a\r", ""),
        SentEvent("a", "", "1\n2"),
        SentEvent("a", "", "\0"),
    ],
)
def test_nothing_breaks_out_of_an_event(event: SentEvent) -> None:
    with pytest.raises(ValueError, match="invalid name or id"):
        event.encode()


async def test_comments_while_nothing_comes(serve: Serve, session: aiohttp.ClientSession) -> None:
    source = Source()
    url = await serve(source, keep_alive_seconds=0.01)
    async with session.get(url) as answer:
        assert await answer.content.readuntil(b": \n\n") == b"retry: 3000\n\n: \n\n"
        assert await answer.content.readuntil(b": \n\n") == b": \n\n"
        source.give(SentEvent("late", "x"), None)
        rest = (await answer.content.read()).decode()
    assert parsed(rest) == [{"event": "late", "data": "x"}]


async def test_a_client_that_leaves(
    serve: Serve, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source().give(SentEvent("first", "1"))
    answer = await session.get(await serve(source))
    await answer.content.readuntil(b"data: 1\n\n")
    answer.close()
    await asyncio.wait_for(source.closed.wait(), PATIENCE_SECONDS)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_client_that_leaves_in_a_flood(
    serve: Serve, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source().give(*[SentEvent("flood", "x" * 100_000)] * 1000)
    answer = await session.get(await serve(source))
    await answer.content.readuntil(b"data: ")
    answer.close()
    await asyncio.wait_for(source.closed.wait(), PATIENCE_SECONDS)
    assert source.queue.qsize() > 0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_the_end_of_the_host(serve: Serve, session: aiohttp.ClientSession) -> None:
    source, drain = Source().give(SentEvent("first", "1")), Drain()
    async with session.get(await serve(source, drain)) as answer:
        await answer.content.readuntil(b"data: 1\n\n")
        drain.began = True
        assert await answer.content.read() == b""
        await asyncio.wait_for(drain.finished(), PATIENCE_SECONDS)
    assert source.closed.is_set()


async def test_the_end_of_the_host_with_a_client_that_reads_nothing(serve: Serve) -> None:
    source, drain = Source().give(*[SentEvent("flood", "x" * 100_000)] * 1000), Drain()
    url = URL(await serve(source, drain))
    reader, writer = await asyncio.open_connection(url.host, url.port, limit=1)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await reader.read(1)
    drain.began = True
    await asyncio.wait_for(drain.finished(), PATIENCE_SECONDS)
    assert source.closed.is_set()
    assert source.queue.qsize() > 0
    writer.transport.abort()


async def test_an_error_that_clients_may_know(serve: Serve, session: aiohttp.ClientSession) -> None:
    source = Source().give(SentEvent("first", "1"), ModelNotFound("m"), SentEvent("never", ""))
    async with session.get(await serve(source)) as answer:
        first, error = parsed(await answer.text())
    assert first["event"] == "first"
    assert error["event"] == "error"
    assert json.loads(error["data"]) == {
        "code": 404,
        "message": "no model named 'm' is served here",
        "error": "model_not_found",
    }


@pytest.mark.parametrize("error", [WorkerDied("m", "ended"), RuntimeError("secret"), OSError("x")])
async def test_an_error_for_the_log(
    serve: Serve,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    source = Source().give(error)
    async with session.get(await serve(source)) as answer:
        [told] = parsed(await answer.text())
    body = json.loads(told["data"])
    assert (told["event"], body["code"]) == ("error", 500)
    assert {"code", "message", "error", "id"} == body.keys()
    assert "secret" not in told["data"]
    assert body["id"] in caplog.text
    assert source.closed.is_set()


async def test_an_event_that_cannot_be_sent(serve: Serve, session: aiohttp.ClientSession) -> None:
    source = Source().give(SentEvent("a\nb", ""), SentEvent("never", ""))
    async with session.get(await serve(source)) as answer:
        [told] = parsed(await answer.text())
    assert told["event"] == "error"
    assert source.closed.is_set()


async def test_head(serve: Serve, session: aiohttp.ClientSession) -> None:
    source = Source()
    async with session.head(await serve(source)) as answer:
        assert answer.content_type == "text/event-stream"
    assert not source.waits.is_set()


@pytest.mark.parametrize(
    ("accept", "wants"),
    [
        (None, False),
        ("", False),
        ("text/event-stream", True),
        ("TEXT/Event-Stream ; charset=utf-8", True),
        ("text/event-stream, */*", True),
        ("text/plain, text/event-stream", True),
        ("*/*", False),
        ("text/*", False),
        ("text/event-stream;q=0", False),
        ("text/event-stream;q=0.0, */*", False),
        ("text/event-stream; q=0.5, text/plain", False),
        ("text/event-stream;q=0.5, */*;q=0.8", False),
        ("text/event-stream;q=0.9, text/plain;q=0.8", True),
        ("text/event-stream;Q=0.9;x=y, application/json;q=0.900", True),
        ("text/event-stream;q=2", False),
        ("text/event-stream;q=much", False),
        ("text/event-streams", False),
        ('text/plain;x="a,text/event-stream,b"', False),
        ('text/plain;q=0.1;x="a;q=1,b", text/event-stream;q=0.5', True),
        ('text/plain;x="a;q=1";q=0.1, text/event-stream;q=0.5', True),
        (",,;, text/event-stream ,", True),
        ('"' * 10_000, False),
    ],
)
def test_wants_events(accept: str | None, wants: bool) -> None:
    headers = {} if accept is None else {"Accept": accept}
    assert events.wants_events(make_mocked_request("GET", "/", headers)) is wants


def test_last_event_id() -> None:
    assert events.last_event_id(make_mocked_request("GET", "/")) == ""
    request = make_mocked_request("GET", "/", {"Last-Event-ID": "é:7"})
    assert events.last_event_id(request) == "é:7"


def test_nothing_more() -> None:
    assert events.nothing_more().status == 204
