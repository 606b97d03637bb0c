"""What is looked at of a connection, once a second."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

from deepaas.notes import Notes
from deepaas.web.connection import Connection, ConnectionLimits
from deepaas.web.connections import NEVER_SECONDS, Connections

LIMITS = ConnectionLimits(head_seconds=30, idle_seconds=75, body_seconds=60)
REQUEST = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"

Use = Callable[[socket.socket, Connection], Awaitable[None]]


async def use(do: Use) -> None:
    """Have a client and its connection."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        return web.Response(text="good")

    server = web.Server(handler)
    connections = Connections(server, LIMITS, Notes())
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        accepted, _ = listening.accept()
    client.setblocking(False)
    accepted.setblocking(False)
    _, connection = await loop.connect_accepted_socket(connections, accepted)
    try:
        await do(client, connection)
    finally:
        client.close()
        await server.shutdown(0)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0)


async def test_a_request_that_has_come_when_its_connection_was_idle_for_too_long() -> None:
    """It is there, but has not been read: the next request of an honest client's pool."""

    async def do(client: socket.socket, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, REQUEST + b"12345")
        assert (await loop.sock_recv(client, 65536)).startswith(b"HTTP/1.1 200")
        await until(lambda: connection.waits_since is not None)
        now = loop.time()
        assert connection.look(now, LIMITS) == ""
        client.send(REQUEST + b"12345")
        assert connection.look(now + LIMITS.idle_seconds + 1, LIMITS) == ""
        assert (await loop.sock_recv(client, 65536)).startswith(b"HTTP/1.1 200")
        await until(lambda: connection.waits_since is not None)
        connection.look(now, LIMITS)
        assert connection.look(now + NEVER_SECONDS, LIMITS) == "it was idle"

    await use(do)


async def test_releases_of_aiohttp_that_do_not_pause_of_their_own_accord() -> None:
    """Before 3.14: the look at all connections ended with the first that sent a body."""

    async def do(client: socket.socket, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, REQUEST + b"1")
        await until(lambda: connection._current_request is not None)
        del connection._buffer_paused
        connection.look(loop.time(), LIMITS)
        told = connection.look(loop.time() + NEVER_SECONDS, LIMITS)
        connection._buffer_paused = False
        assert told == "the client did not send the body"

    await use(do)
