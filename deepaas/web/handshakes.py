"""TLS handshakes of new connections, a few in each turn of the loop.

The private key is used on the loop; a handshake with an elliptic curve takes about a millisecond of
its time. A connection counts, and its time runs, from its first moment on.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from collections import deque
from collections.abc import Callable
from typing import Any

from deepaas.notes import Notes
from deepaas.web.certificate import Certificate
from deepaas.web.connection import Connection, ConnectionLimits
from deepaas.web.connections import Connections
from deepaas.web.counted import CountedConnection
from deepaas.web.early_answers import NOT_TLS

_log = logging.getLogger(__name__)

AT_ONCE_COUNT = 4
HANDSHAKE = b"\x16"
"""The first byte of TLS; that of HTTP is a letter."""

SHUTDOWN_SECONDS = 2.0
"""How long to wait for a client to confirm the end of its connection."""

_DISCARDED_BYTES = 64 * 1024

RECORD_BYTES = 16 * 1024
"""The longest record of TLS."""

_OPTIONS = (
    {"ssl_shutdown_timeout": SHUTDOWN_SECONDS}
    if "ssl_shutdown_timeout" in inspect.signature(SSLProtocol.__init__).parameters
    else {}
)
"""Python 3.10 does not have it."""


class SmallProtocol(SSLProtocol):
    """asyncio's, without its buffer of 256 KiB for each connection."""

    max_size = RECORD_BYTES


class Handshakes:
    def __init__(
        self,
        certificate: Certificate,
        connections: Connections,
        make: Callable[[], Connection],
        notes: Notes,
    ) -> None:
        """``make``: a connection of this listener."""
        self.certificate = certificate
        self.connections = connections
        self.make = make
        self.notes = notes
        self._waiting: deque[Handshake] = deque()

    def begin(self, accepted: socket.socket, address: str) -> None:
        """Wait for the first byte of a client, however many there are."""
        Handshake(self, accepted, address).begin()

    def wait(self, one: Handshake) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._start)
        self._waiting.append(one)

    def _start(self) -> None:
        for _ in range(min(AT_ONCE_COUNT, len(self._waiting))):
            self._waiting.popleft().start()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._start)


class Handshake:
    """A connection whose handshake is not done yet: see :class:`CountedConnection`."""

    waiting_bytes = 0
    stuck_since = 0.0
    is_new = True

    def __init__(self, handshakes: Handshakes, accepted: socket.socket, address: str) -> None:
        self.address = address
        self.opening: CountedConnection | None = None
        self._handshakes = handshakes
        self._sock = accepted
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def waits_since(self) -> float | None:
        return self._since

    @property
    def fileno(self) -> int:
        return self._sock.fileno()

    def look(self, now: float, limits: ConnectionLimits) -> str:
        if not limits.head_seconds or now - self._since < limits.head_seconds:
            return ""
        self.give_way()
        return "the TLS handshake was not completed"

    def give_way(self) -> None:
        self._is_closed = True
        self._handshakes.connections.forget(self)
        if self._task is not None:
            self._task.cancel()
        elif self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock)
            self._sock.close()

    break_off = give_way

    def begin(self) -> None:
        if self._handshakes.connections.admit(self):
            self._loop.add_reader(self._sock, self._on_first)
        else:
            self._sock.close()

    def _on_first(self) -> None:
        try:
            first = self._sock.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            first = b""
        if not first:
            self.give_way()
            return
        self._loop.remove_reader(self._sock)
        if first == HANDSHAKE:
            self._handshakes.wait(self)
        elif first.isalpha():
            self._answer()
        else:
            self.give_way()

    def _answer(self) -> None:
        """Tell a client that speaks plain HTTP."""
        try:
            self._sock.recv(_DISCARDED_BYTES)
            self._sock.send(NOT_TLS)
            # If it were closed now, the client might lose the answer: it may still be sending.
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.give_way()
        else:
            self._loop.add_reader(self._sock, self._discard)

    def _discard(self) -> None:
        try:
            ended = not self._sock.recv(_DISCARDED_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            ended = True
        if ended:
            self.give_way()

    def start(self) -> None:
        if not self._is_closed:
            self._task = self._loop.create_task(self._shake())

    async def _shake(self) -> None:
        done = self._loop.create_future()
        line: Any = None  # asyncio.Transport; uvloop's is not one for isinstance().
        try:
            line, _ = await self._loop.connect_accepted_socket(
                lambda: self._protocol(done), self._sock
            )
            await done
        except ssl.SSLCertVerificationError as error:
            self._handshakes.notes.note(
                f"the certificate of a client was refused: {error.verify_message}"
            )
        except OSError as error:
            _log.debug("the TLS handshake with %s failed: %s", self.address, error)
        except asyncio.CancelledError:
            if line is not None:
                line.abort()
            raise
        finally:
            self._handshakes.connections.forget(self)

    def _protocol(self, done: asyncio.Future[None]) -> SmallProtocol:
        connection = self._handshakes.make()
        connection.opening = self
        context = self._handshakes.certificate.context
        options: dict[str, Any] = _OPTIONS
        return SmallProtocol(self._loop, connection, context, done, server_side=True, **options)
