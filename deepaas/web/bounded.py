"""Streams that buffer little for clients that read slowly.

The rest stays in its source: a journal, a log or a program. If a client reads nothing, its
connection is closed after ``send-timeout`` (:mod:`deepaas.web.connections`).
"""

from __future__ import annotations

import contextlib
import socket

from aiohttp import web

WAITING_BYTES = 16 * 1024
"""The buffer for one client in this process; filling it takes as much again."""

SYSTEM_BYTES = 128 * 1024
"""How much unsent data the system may buffer for a client."""


def bound(request: web.Request) -> None:
    """Limit the buffers for the client of this request, after the response is prepared."""
    transport = request.transport
    if transport is None:
        return
    transport.set_write_buffer_limits(high=WAITING_BYTES)
    sock = transport.get_extra_info("socket")
    if sock is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, SYSTEM_BYTES)


async def send(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    """Write a piece and wait for room in the buffer; ``ConnectionError`` if the client left."""
    for begin in range(0, len(data), WAITING_BYTES):
        await response.write(data[begin : begin + WAITING_BYTES])
        # aiohttp checks this only every 64 KiB.
        await request.writer.drain()
