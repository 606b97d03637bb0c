"""How much of what was sent has reached the client, as the kernel tells."""

from __future__ import annotations

import asyncio
import fcntl
import select
import socket
import struct
import sys
import termios
from typing import Protocol, TypeVar


class HasDescriptor(Protocol):
    @property
    def fileno(self) -> int:
        """-1 if it is closed."""


Line = TypeVar("Line", bound=HasDescriptor)

_INT = struct.Struct("=i")

_INFO = struct.Struct("=QQII I")
_INFO_OFFSET = 120
"""Offset of ``tcpi_bytes_acked`` in Linux's ``struct tcp_info``, which is only ever extended."""


def buffered_bytes(line: asyncio.Transport) -> int:
    """How much is in this process; under TLS there is a second transport below."""
    below = getattr(getattr(line, "_ssl_protocol", None), "_transport", None)
    return line.get_write_buffer_size() + (0 if below is None else below.get_write_buffer_size())


def sending(line: asyncio.Transport) -> tuple[bool, int]:
    """Whether data for the client is pending, and how many bytes it has received so far."""
    waiting = buffered_bytes(line)
    sock = line.get_extra_info("socket")
    if sys.platform != "linux" or sock is None or sock.fileno() < 0:
        return waiting > 0, -waiting
    if sock.family == socket.AF_UNIX:
        (unread,) = _INT.unpack(fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(_INT.size)))
        return bool(waiting or unread), -waiting - unread
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_OFFSET + _INFO.size)
    if len(info) < _INFO_OFFSET + _INFO.size:
        return waiting > 0, -waiting
    acknowledged, _, _, _, unsent = _INFO.unpack_from(info, _INFO_OFFSET)
    (in_flight,) = struct.unpack_from("=I", info, 24)
    return bool(waiting or unsent or in_flight), acknowledged


def silent(connections: list[Line]) -> list[Line]:
    """Those that have no data to read."""
    poll = select.poll()
    lines = {each.fileno: each for each in connections if each.fileno >= 0}
    for descriptor in lines:
        poll.register(descriptor, select.POLLIN)
    for descriptor, event in poll.poll(0):
        if event == select.POLLIN:
            del lines[descriptor]
    return list(lines.values())
