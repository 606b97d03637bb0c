"""Observers are told the end of every request once, however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web

from deepaas.notes import Notes
from deepaas.origins import Visitors
from deepaas.web.addresses import ListenAddress
from deepaas.web.connection import ConnectionLimits, make_task
from deepaas.web.connections import Connections
from deepaas.web.errors import NOTES, SHAPES, ErrorShapes
from deepaas.web.expectation import expecting
from deepaas.web.facts import FactFinder, RequestFacts
from deepaas.web.health import Drain
from deepaas.web.observers import Observer, Observers, status_of
from deepaas.web.origins import check_visitors
from deepaas.web.page_security import protect
from deepaas.web.serving import serving
from deepaas.web.slashes import normalize_paths


async def wait_for(condition: Callable[[], bool]) -> None:
    async def wait() -> None:
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    await asyncio.wait_for(wait(), 20)


class Told(NamedTuple):
    route: str
    status: int
    seconds: float


class Listening:
    def __init__(self) -> None:
        self.told: list[Told] = []

    def ended(
        self,
        request: web.BaseRequest,  # noqa: ARG002
        response: web.StreamResponse | None,
        seconds: float,
        facts: RequestFacts,
    ) -> None:
        self.told.append(Told(facts.route, status_of(response), seconds))


class Failing:
    def ended(self, *_: object) -> None:
        raise ValueError("of an observer")


class Handlers:
    def __init__(self) -> None:
        self.begun = asyncio.Event()

    async def good(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="good")

    async def bad(self, _request: web.Request) -> web.StreamResponse:
        raise ValueError("of a handler")

    async def teapot(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPForbidden

    async def file(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(Path(__file__))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=202)
        await response.prepare(request)
        await response.write(b"piece")
        await response.write(b"piece")
        return response

    async def endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=202)
        await response.prepare(request)
        await response.write(b"piece")
        self.begun.set()
        await asyncio.Event().wait()
        return response

    async def breaks(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=202)
        await response.prepare(request)
        await response.write(b"piece")
        raise ValueError("in the middle")

    async def blocks(self, _request: web.Request) -> web.StreamResponse:
        self.begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def too_late(self, _request: web.Request) -> web.StreamResponse:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return web.Response(text="nobody reads this")
        raise AssertionError

    async def lost(self, _request: web.Request) -> web.StreamResponse:
        raise ConnectionResetError

    async def large(self, _request: web.Request) -> web.StreamResponse:
        self.begun.set()
        return web.Response(body=bytes(64 * 1024 * 1024))


class Served(NamedTuple):
    listening: Listening
    handlers: Handlers
    connect: Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
    server: web.Server

    async def say(self, text: bytes) -> bytes:
        """Send bytes and read all that comes back."""
        reader, writer = await self.connect()
        writer.write(text)
        answer = await reader.read()
        writer.close()
        return answer

    async def leave_after(self, text: bytes) -> None:
        """Send a request, wait until its handler runs, and break the connection."""
        _, writer = await self.connect()
        writer.write(text)
        await self.handlers.begun.wait()
        writer.transport.abort()

    async def hear(self, count: int = 1) -> list[tuple[str, int]]:
        """Wait for what is told; nothing more may come after it."""
        await wait_for(lambda: len(self.listening.told) >= count)
        await self.server.shutdown(1)
        return [(each.route, each.status) for each in self.listening.told]


@asynccontextmanager
async def served(*others: Observer) -> AsyncIterator[Served]:
    visitors = Visitors("127.0.0.1", (), ())
    checked = check_visitors({ListenAddress(): visitors})
    app = web.Application(middlewares=[serving(Drain()), checked, normalize_paths("")])
    protect(app, visitors)
    app[NOTES], app[SHAPES] = Notes(), ErrorShapes()
    handlers = Handlers()
    for name in (name for name in vars(Handlers) if not name.startswith("_")):
        app.router.add_route("*", f"/{name}", getattr(handlers, name))
    listening = Listening()
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    assert runner.server is not None
    runner.server.request_handler = expecting(runner.server.request_handler, app[SHAPES])
    observers = Observers([*others, listening], FactFinder(set()))
    connections = Connections(
        runner.server, ConnectionLimits(), Notes(), observers, lingering_time=1.0
    )
    loop = asyncio.get_running_loop()
    factory = loop.get_task_factory()
    loop.set_task_factory(make_task)  # As the host does.
    server = await loop.create_server(connections, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Served(
            listening,
            handlers,
            lambda: asyncio.open_connection("127.0.0.1", port),
            runner.server,
        )
    finally:
        loop.set_task_factory(factory)
        server.close()
        await runner.cleanup()


def request(path: str, more: str = "", method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n".encode()


CLOSE = "Connection: close\r\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (request("/good", CLOSE), ("/good", 200)),
        (request("/good", CLOSE, "HEAD"), ("/good", 200)),
        (b"GET /good HTTP/1.0\r\n\r\n", ("/good", 200)),
        (request("/bad", CLOSE), ("/bad", 500)),
        (request("/teapot", CLOSE), ("/teapot", 403)),
        (request("/stream", CLOSE), ("/stream", 202)),
        (request("/breaks"), ("/breaks", 202)),
        (request("/file", CLOSE), ("/file", 200)),
        (request("/file", f"Range: bytes=0-3\r\n{CLOSE}"), ("/file", 206)),
        (request("/no/such", CLOSE), ("", 404)),
        (request("/good", f"Origin: http://evil.example\r\n{CLOSE}"), ("/good", 403)),
        (request("/good", f"Expect: a-miracle\r\n{CLOSE}"), ("", 417)),
        (request("/good", "Content-Length: 10\r\n") + b"1234567890", ("/good", 200)),
        (b"\x16\x03\x01 this is no HTTP\r\n\r\n", ("", 400)),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", ("", 400)),
        (request("/lost"), ("/lost", 499)),
    ],
)
async def test_each_end_is_told_once(text: bytes, expected: tuple[str, int]) -> None:
    async with served() as host:
        said = asyncio.ensure_future(host.say(text))

        assert await host.hear() == [expected]

        await said
        assert 0 <= host.listening.told[0].seconds < 10


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/blocks", 499), ("/too_late", 499), ("/endless", 202), ("/large", 200)],
)
async def test_clients_that_leave(path: str, expected: int) -> None:
    """499 if nothing was sent, else the status that was."""
    async with served() as host:
        await host.leave_after(request(path))

        assert await host.hear() == [(path, expected)]


async def test_requests_that_follow_each_other() -> None:
    """Each is told; of those behind one whose client left, there was nothing to end."""
    async with served() as host:
        text = request("/good") + request("/teapot") + request("/blocks") + request("/good")
        await host.leave_after(text)

        assert await host.hear(3) == [("/good", 200), ("/teapot", 403), ("/blocks", 499)]


async def test_a_host_that_stops() -> None:
    async with served() as host:
        _, writer = await host.connect()
        writer.write(request("/blocks"))
        await host.handlers.begun.wait()
        await host.server.shutdown(0.01)

        assert await host.hear() == [("/blocks", 499)]
        writer.close()


async def test_connections_without_a_request_tell_nothing() -> None:
    async with served() as host:
        for text in (b"", b"GET /good HT"):
            _, writer = await host.connect()
            writer.write(text)
            writer.close()
        await host.say(request("/good", CLOSE))

        assert await host.hear() == [("/good", 200)]


async def test_an_observer_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged; the client has its response, the connection goes on, the others are told."""
    async with served(Failing()) as host:
        answer = await host.say(request("/good") + request("/good", CLOSE))

        assert answer.count(b"200 OK") == 2
        assert await host.hear(2) == [("/good", 200)] * 2
    assert "Failing failed" in caplog.text
    assert "of an observer" in caplog.text


async def test_many_at_once() -> None:
    async with served() as host:

        async def leave_in_the_middle() -> None:
            reader, writer = await host.connect()
            writer.write(request("/endless"))
            await reader.readuntil(b"piece")
            writer.transport.abort()

        asked = [host.say(request("/good", CLOSE)) for _ in range(100)]
        await asyncio.gather(*asked, *(leave_in_the_middle() for _ in range(100)))

        told = await host.hear(200)
        assert sorted(told) == [("/endless", 202)] * 100 + [("/good", 200)] * 100
