"""Sends bytes to a host, and reads what comes back."""

import contextlib
import re
import socket
import struct
import time
from dataclasses import dataclass

PATIENCE_SECONDS = 20.0
STREAM_SECONDS = 0.3
"""So long a stream is read that does not end."""

_STATUS = re.compile(rb"(?:\A|\r\n|[}\n])HTTP/1\.[01] (\d{3}) ")


@dataclass(frozen=True)
class Exchange:
    """What came back.

    Attributes:
        received: all bytes.
        closed: whether the host has closed the connection.
    """

    received: bytes
    closed: bool

    @property
    def statuses(self) -> list[int]:
        """Of the answers in it."""
        return [int(status) for status in _STATUS.findall(self.received)]


def exchange(port: int, pieces: list[bytes], end: str) -> Exchange:
    """Send some bytes.

    Args:
        port: of the host on this machine.
        pieces: sent one by one.
        end: ``read`` until the host closes, ``half`` closes our half before, ``close`` leaves at
            once, and ``reset`` so that the host hears of it in the middle.
    """
    received = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        # The host may have refused it already.
        with contextlib.suppress(OSError):
            for piece in pieces:
                connection.sendall(piece)
            if end == "half":
                connection.shutdown(socket.SHUT_WR)
        if end == "reset":
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if end in ("close", "reset"):
            return Exchange(b"", closed=False)
        return _read(connection, received)


def _read(connection: socket.socket, received: bytearray) -> Exchange:
    until = time.monotonic() + PATIENCE_SECONDS
    with contextlib.suppress(OSError):
        while time.monotonic() < until:
            connection.settimeout(STREAM_SECONDS if received else 2.0)
            data = connection.recv(2**16)
            if not data:
                return Exchange(bytes(received), closed=True)
            received += data[: max(0, 2**20 - len(received))]
    return Exchange(bytes(received), closed=False)
