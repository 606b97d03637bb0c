"""What the kernel tells of a client that does not read: over TCP, TLS and Unix sockets."""

import asyncio
import socket
import ssl
import threading
from pathlib import Path
from typing import cast

import pytest

from deepaas.web.handshakes import SmallProtocol
from deepaas.web.sending import buffered_bytes, sending
from deepaas.web.tls import TlsFiles, load

from .certificates import AUTHORITY, write

SIZE = 8 * 1024 * 1024
PIECE = 256 * 1024


def pair(kind: str) -> tuple[socket.socket, socket.socket]:
    if kind == "unix":
        return socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        return listening.accept()[0], client


@pytest.mark.parametrize("kind", ["tcp", "tls", "unix"])
async def test_progress_of_a_client(kind: str, tmp_path: Path) -> None:
    ours, theirs = pair(kind)
    loop = asyncio.get_running_loop()
    client: socket.socket = theirs
    if kind == "tls":
        context = load(TlsFiles(*write(tmp_path), lambda: "")).context
        done = loop.create_future()
        made: list[asyncio.BaseTransport] = []

        class Served(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                made.append(transport)

        ours.setblocking(False)
        await loop.connect_accepted_socket(
            lambda: SmallProtocol(loop, Served(), context, done, server_side=True), ours
        )
        trusting = ssl.create_default_context()
        AUTHORITY.configure_trust(trusting)
        wrapped: list[socket.socket] = []
        thread = threading.Thread(
            target=lambda: wrapped.append(trusting.wrap_socket(theirs, server_hostname="localhost"))
        )
        thread.start()
        await done
        await asyncio.to_thread(thread.join)
        client = wrapped[0]
        line = cast(asyncio.Transport, made[0])
    else:
        line, _ = await loop.connect_accepted_socket(asyncio.Protocol, ours)
    while sending(line)[0]:  # noqa: ASYNC110 - session tickets of TLS 1.3
        await asyncio.sleep(0.001)
    line.write(bytes(SIZE))
    pending, before = sending(line)
    assert pending
    assert SIZE - 4 * 1024 * 1024 < buffered_bytes(line) < SIZE * 1.1
    assert sending(line) == (True, before)
    for _ in range(2):
        await asyncio.to_thread(_read, client, PIECE)
        await asyncio.sleep(0)
        while sending(line)[1] - before < PIECE / 8:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        _, before = sending(line)
    await asyncio.to_thread(_read, client, SIZE - 2 * PIECE)
    while sending(line)[0]:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    line.abort()
    client.close()


def _read(client: socket.socket, count: int) -> None:
    while count:
        count -= len(client.recv(min(count, PIECE)))
