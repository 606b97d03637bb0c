"""Of a long answer little waits in the host's memory, whatever sends it.

All clients together may have 64 MiB there, and beyond that the slowest are left: so many as the
host has connections must be able to download at a time, each at its own pace.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from deepaas.messages import Answer
from deepaas.notes import Notes
from deepaas.protocols.cog.answers import send_document
from deepaas.web.answers import respond
from deepaas.web.connection import ConnectionLimits
from deepaas.web.connections import Connections
from deepaas.web.document import of_file
from deepaas.web.files import send_zip

SIZE_BYTES = 8 * 1024 * 1024
EACH_BYTES = 96 * 1024

Send = Callable[[web.Request, Path], Awaitable[web.StreamResponse]]

WAYS: dict[str, Send] = {
    "an answer of V2": lambda request, file: respond(
        request, Answer(1, "application/octet-stream", path=str(file))
    ),
    "a document of Cog": lambda request, file: send_document(request, of_file(file)),
    "an archive": lambda request, file: send_zip(request, file.parent, "all.zip"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_little_of_a_long_answer_waits_in_memory(tmp_path: Path, way: str) -> None:
    file = tmp_path / "folder" / "file"
    file.parent.mkdir()
    file.write_bytes(os.urandom(SIZE_BYTES))
    most_bytes = 0

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, web.Request)
        return await WAYS[way](request, file)

    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    assert runner.server is not None
    connections = Connections(runner.server, ConnectionLimits(), Notes())
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.socket()
        # Small enough for the small window: else each of them waits for a timer of the kernel.
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        client.connect(listening.getsockname())
        accepted, _ = listening.accept()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    client.setblocking(False)
    accepted.setblocking(False)
    transport, _ = await loop.connect_accepted_socket(connections, accepted)
    await loop.sock_sendall(
        client, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    received_bytes = 0
    while data := await loop.sock_recv(client, 16 * 1024):
        received_bytes += len(data)
        most_bytes = max(most_bytes, transport.get_write_buffer_size())
    assert received_bytes > SIZE_BYTES
    assert 0 < most_bytes < EACH_BYTES
    client.close()
    await runner.cleanup()
