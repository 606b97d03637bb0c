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
from pathlib import Path
from typing import TYPE_CHECKING

from deepaas.notes import Notes
from deepaas.web.addresses import ListenAddress
from deepaas.web.connections import Connections
from deepaas.web.sockets import open_sockets, remove_stale

if TYPE_CHECKING:
    from deepaas.web.certificate import Certificate
    from deepaas.web.handshakes import Handshakes

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
    def __init__(
        self, address: ListenAddress, notes: Notes, certificate: Certificate | None = None
    ) -> None:
        """Bind; clients can connect from then on. Port 0 chooses a free port.

        ``certificate``: for TLS, unless the address says otherwise. ``OSError`` if binding fails.
        """
        self._certificate = certificate
        self.address = address
        self._notes = notes
        self._handshakes: Handshakes | None = None
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._sockets = open_sockets(address)
        for each in self._sockets:
            each.setblocking(False)
        self._spare = -1
        self._keep_spare()

    @property
    def bound(self) -> tuple[str, int] | None:
        """IP address and port from the kernel; None for a Unix socket."""
        sock = self._sockets[0]
        if sock.family == socket.AF_UNIX:
            return None
        ip, port, *_ = sock.getsockname()
        return ip, port

    @property
    def has_tls(self) -> bool:
        if self.address.tls is None:
            return self._certificate is not None and self.bound is not None
        return self.address.tls

    @property
    def scheme(self) -> str:
        return "https" if self.has_tls else "http"

    def start(self, connections: Connections) -> None:
        self._connections = connections
        self._factory = connections.at(self.address)
        if self._certificate is not None and self.has_tls:
            # Imported late: it is the only user of TLS.
            from deepaas.web.handshakes import Handshakes

            self._handshakes = Handshakes(
                self._certificate, connections, self._factory, self._notes
            )
        for each in self._sockets:
            self._loop.add_reader(each, self._accept, each)

    async def stop(self) -> None:
        """Stop accepting; connections that are being accepted are completed."""
        for each in self._sockets:
            self._loop.remove_reader(each)
        if self._opening:
            await asyncio.wait(self._opening)
        self.close()

    def close(self) -> None:
        for each in self._sockets:
            each.close()
        self._sockets = []
        if self.address.path:
            # Not if another process listens there by now.
            with contextlib.suppress(OSError):
                remove_stale(Path(self.address.path))
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
                accepted, peer = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in EXHAUSTED:
                    raise
                self._notes.note(f"a connection could not be accepted: {error.strerror}")
                self._relieve(listening)
                return
            accepted.setblocking(False)
            if self._handshakes is not None:
                self._handshakes.begin(accepted, str(peer[0]) if peer else "")
                continue
            opening = self._loop.create_task(self._open(accepted))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)

    async def _open(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._factory, accepted)
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
