"""Listening sockets: accepts connections, also when the system runs out of descriptors.

asyncio would log a traceback for each connection that it cannot accept.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import socket
from typing import Any

from deepaas.notes import Notes
from deepaas.web.connections import Connections

BACKLOG = 1024
ACCEPT_COUNT = 32
"""Connections accepted at a time; the others wait until these have been handled."""

PAUSE_SECONDS = 0.2

EXHAUSTED = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))


def raise_open_files() -> int:
    """Raise the soft limit of file descriptors to the hard limit; returns the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # Some systems report "unlimited" although they have a limit.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**20 if soft == resource.RLIM_INFINITY else soft


class Listener:
    def __init__(self, ip: str, port: int, notes: Notes) -> None:
        """Bind; clients can connect from then on. ``port`` 0 chooses a free port.

        ``ip`` can be a name of this machine. ``OSError`` if binding fails.
        """
        self._notes = notes
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._spare = -1
        self._keep_spare()
        self._sockets: list[socket.socket] = []
        try:
            for family, address in _resolved(ip, port):
                listening = socket.create_server(address, family=family, backlog=BACKLOG)
                listening.setblocking(False)
                self._sockets.append(listening)
        except BaseException:
            self._close()
            raise

    @property
    def address(self) -> tuple[str, int]:
        ip, port, *_ = self._sockets[0].getsockname()
        return ip, port

    def start(self, connections: Connections) -> None:
        self._connections = connections
        for each in self._sockets:
            self._loop.add_reader(each, self._accept, each)

    async def stop(self) -> None:
        """Stop accepting; connections that are being accepted are completed."""
        for each in self._sockets:
            self._loop.remove_reader(each)
        if self._opening:
            await asyncio.wait(self._opening)
        self._close()

    def _close(self) -> None:
        for each in self._sockets:
            each.close()
        self._sockets = []
        self._let_go_of_spare()

    def _keep_spare(self) -> None:
        if self._spare < 0:
            with contextlib.suppress(OSError):
                self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def _let_go_of_spare(self) -> None:
        # Forgotten first: after closing, the number may be reused.
        spare, self._spare = self._spare, -1
        if spare >= 0:
            os.close(spare)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPT_COUNT - len(self._opening)):
            try:
                accepted, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in EXHAUSTED:
                    raise
                self._notes.note(f"a connection could not be accepted: {error.strerror}")
                self._relieve(listening)
                return
            accepted.setblocking(False)
            opening = self._loop.create_task(self._open(accepted))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)

    async def _open(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._connections, accepted)
        except OSError:
            accepted.close()  # The client has left.

    def _relieve(self, listening: socket.socket) -> None:
        """No descriptors are left: close some idle connections, or reject a new one."""
        if not self._connections.make_room():
            # The spare descriptor is enough to accept one connection and close it.
            self._let_go_of_spare()
            with contextlib.suppress(OSError):
                listening.accept()[0].close()
            self._keep_spare()
        self._loop.remove_reader(listening)
        self._loop.call_later(PAUSE_SECONDS, self._resume, listening)

    def _resume(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            self._keep_spare()
            self._loop.add_reader(listening, self._accept, listening)


def _resolved(ip: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
    found = socket.getaddrinfo(ip or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))
