"""Bodies that are received straight into files in memory, through real connections."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from support.pools import until

from deepaas.errors import RequestTimedOut
from deepaas.notes import Notes
from deepaas.web.connection import Connection, ConnectionLimits
from deepaas.web.connections import Connections
from deepaas.web.straight import StraightBody
from deepaas.web.uploads import Uploads

BODY = bytes(range(256)) * 2400
"""600 KB."""

Handler = Callable[[web.Request, Uploads], Awaitable[web.Response]]
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def head(size_bytes: int = len(BODY)) -> bytes:
    return f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size_bytes}\r\n\r\n".encode()


async def echo(request: web.Request, uploads: Uploads) -> web.Response:
    async with uploads.open(request) as reception:
        body = await reception.body()
        answer = web.Response(body=Path(body.path).read_bytes())
        reception.finish()
    return answer


class Straight:
    """A server with real connections."""

    def __init__(self, tmp_path: Path, handler: Handler) -> None:
        self.uploads = Uploads(tmp_path / "uploads", 0)
        self.connections: set[Connection] = set()
        self._handler = handler

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, web.Request)
        assert isinstance(request.protocol, Connection)
        self.connections.add(request.protocol)
        return await self._handler(request, self.uploads)

    async def until_straight(self) -> None:
        await until(
            lambda: any(
                isinstance(each.line and each.line.get_protocol(), StraightBody)
                for each in self.connections
            )
        )

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        app = web.Application()
        app.router.add_post("/", self.handle)
        runner = web.AppRunner(app, handler_cancellation=True)
        await runner.setup()
        assert runner.server is not None
        connections = Connections(runner.server, ConnectionLimits(), Notes(), auto_decompress=False)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            ours = socket.create_connection(listening.getsockname())
            theirs, _ = listening.accept()
        await asyncio.get_running_loop().connect_accepted_socket(connections, theirs)
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            yield reader, writer
        finally:
            writer.close()
            await runner.cleanup()


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The first line and the body."""
    told = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    (length,) = (line for line in told.split(b"\r\n") if line.startswith(b"Content-Length"))
    return told.partition(b"\r\n")[0], await reader.readexactly(int(length.partition(b":")[2]))


async def test_what_comes_later_is_there_and_the_next_request_is_found(tmp_path: Path) -> None:
    server = Straight(tmp_path, echo)
    async with server.client() as (reader, writer):
        for number in range(1, 4):
            body = bytes([number]) + BODY
            writer.write(head(len(body)) + body[:1000])
            await server.until_straight()
            # The next one, right behind it, is complete at once.
            writer.write(body[1000:] + head(200_000) + BODY[:200_000])
            assert await answer(reader) == (b"HTTP/1.1 200 OK", body)
            assert await answer(reader) == (b"HTTP/1.1 200 OK", BODY[:200_000])


async def test_a_client_that_leaves_ends_it(tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def tell(request: web.Request, uploads: Uploads) -> web.Response:
        try:
            return await echo(request, uploads)
        finally:
            ended.set()

    server = Straight(tmp_path, tell)
    async with server.client() as (_, writer):
        writer.write(head() + BODY[:1000])
        await server.until_straight()
        writer.write(BODY[1000:2000])
        writer.close()
        await asyncio.wait_for(ended.wait(), 10)


async def test_who_stops_waiting_gets_nothing_more_and_the_connection_goes_on(
    tmp_path: Path,
) -> None:
    begun, given_up = asyncio.Event(), asyncio.Event()
    path = ""

    async def leave(request: web.Request, uploads: Uploads) -> web.Response:
        nonlocal path
        if given_up.is_set():
            return await echo(request, uploads)
        async with uploads.open(request) as reception:
            receiving = asyncio.ensure_future(reception.body())
            await server.until_straight()
            (connection,) = server.connections
            received = connection.received
            begun.set()
            await until(lambda: connection.received == received + 8000)
            assert reception._memory is not None
            path = reception._memory.path
            receiving.cancel()
            await asyncio.wait([receiving])
        given_up.set()
        return web.Response(body=b"left")

    server = Straight(tmp_path, leave)
    async with server.client() as (reader, writer):
        writer.write(head() + BODY[:1000])
        await begun.wait()
        writer.write(BODY[1000:9000])
        await given_up.wait()
        writer.write(BODY[9000:])
        assert await answer(reader) == (b"HTTP/1.1 200 OK", b"left")
        assert Path(path).read_bytes() == b""
        writer.write(head() + BODY)
        assert await answer(reader) == (b"HTTP/1.1 200 OK", BODY)


async def test_a_body_without_progress_is_told_from_one_with(tmp_path: Path) -> None:
    limits = ConnectionLimits(body_seconds=10)

    async def tell(request: web.Request, uploads: Uploads) -> web.Response:
        try:
            return await echo(request, uploads)
        except RequestTimedOut:
            raise web.HTTPRequestTimeout from None

    server = Straight(tmp_path, tell)
    async with server.client() as (reader, writer):
        writer.write(head() + BODY[:1000])
        await server.until_straight()
        (connection,) = server.connections
        assert not connection.look(100.0, limits)
        received = connection.received
        writer.write(BODY[1000:9000])
        await until(lambda: connection.received == received + 8000)
        assert not connection.look(111.0, limits)
        assert connection.look(122.0, limits) == "the client did not send the body"
        assert (await answer(reader))[0] == b"HTTP/1.1 408 Request Timeout"
