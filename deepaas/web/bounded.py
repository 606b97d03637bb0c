"""Streams of which little waits in memory for a client that does not read.

The rest is better kept where it comes from: a journal, a log or a program. A client that reads
nothing at all is left after ``send-timeout`` (:mod:`deepaas.web.connections`).
"""

from __future__ import annotations

import contextlib
import socket

from aiohttp import web

WAITING_BYTES = 16 * 1024
"""What may wait in this process for one client; the same again is being read for it."""

SYSTEM_BYTES = 128 * 1024
"""What the system may hold of it before the first byte of it is on its way."""


def bound(request: web.Request) -> None:
    """Let no more than that wait for the client of this request; once it is prepared."""
    transport = request.transport
    if transport is None:
        return
    transport.set_write_buffer_limits(high=WAITING_BYTES)
    sock = transport.get_extra_info("socket")
    if sock is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, SYSTEM_BYTES)


async def send(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    """Write a piece, and wait while too much waits; ``ConnectionError`` if the client has left."""
    for begin in range(0, len(data), WAITING_BYTES):
        await response.write(data[begin : begin + WAITING_BYTES])
        # aiohttp looks at this only every 64 KiB.
        await request.writer.drain()
