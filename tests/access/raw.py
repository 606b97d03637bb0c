"""Requests exactly as they are written, also those that no client would send."""

from __future__ import annotations

import re
import socket


def answers(port: int, *requests: str) -> list[tuple[int, bytes]]:
    """Send requests on one connection, all at once; the status and body of each answer."""
    *first, last = requests
    last = last.replace("\r\n", "\r\nConnection: close\r\n", 1)
    text = "".join(f"{one}\r\n\r\n" for one in [*first, last])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(text.encode("latin-1"))
        told = b""
        while more := connection.recv(2**16):
            told += more
    found = re.split(rb"(?=HTTP/1\.[01] \d{3} )", told)[1:]
    assert found, told
    return [(int(one[9:12]), one.partition(b"\r\n\r\n")[2]) for one in found]


def request(
    target: str,
    *headers: str,
    method: str = "GET",
    version: str = "1.1",
    host: str = "127.0.0.1",
) -> str:
    return "\r\n".join([f"{method} {target} HTTP/{version}", f"Host: {host}", *headers])
