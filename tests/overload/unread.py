"""Clients that do not read what they ask for, and the memory that they cost a host."""

import re
import socket
import time

import psutil
from support.host import Host
from support.waiting import wait_until

EVENTS = b"Accept: text/event-stream\r\nConnection: close\r\n"
AT_A_TIME = 50


def ask(host: Host, start: str, *, headers: bytes = b"", body: bytes = b"") -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(30)
    sock.connect(("127.0.0.1", host.port))
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    sock.sendall(start.encode() + b" HTTP/1.1\r\nHost: localhost\r\n" + headers + length + body)
    return sock


def streams(host: Host, path: str, count: int, headers: bytes = b"") -> list[socket.socket]:
    """So many that have begun.

    A few at a time: each asks for its run first, and who waits too long for the database is told to
    come back later.
    """
    found: list[socket.socket] = []
    while len(found) < count:
        few = min(AT_A_TIME, count - len(found))
        begun = [ask(host, f"GET {path}", headers=EVENTS + headers) for _ in range(few)]
        for sock in begun:
            told = sock.recv(1000)
            assert told.startswith(b"HTTP/1.1 200"), told
        found += begun
    return found


def memory_kb(host: Host) -> int:
    return int(psutil.Process(host.process.pid).memory_info().rss) // 1024


def settled_kb(host: Host) -> int:
    """The memory once it has stopped to grow."""
    last = memory_kb(host)
    while True:
        time.sleep(0.5)  # What is measured is a rate: it needs a time.
        now = memory_kb(host)
        if now - last < 500:
            return now
        last = now


def printed_run(host: Host, headers: bytes = b"") -> str:
    """The path of a training that has printed 2 MB."""
    with ask(host, "POST /v2/models/trains/train/?how=prints&count=2", headers=headers) as sock:
        (found,) = re.findall(rb'"uuid":"([0-9a-f]+)"', sock.recv(65536))
    path = f"/v2/models/trains/train/{found.decode()}"

    def is_done() -> bool:
        with ask(host, f"GET {path}", headers=headers) as sock:
            return b'"status":"done"' in sock.recv(65536)

    wait_until(is_done, "the training is done")
    return path
