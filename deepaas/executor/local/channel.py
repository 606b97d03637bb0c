"""A socket to a worker that sends and receives messages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

import msgspec

from deepaas.frames import FrameBuffer

_log = logging.getLogger(__name__)

Incoming = TypeVar("Incoming")

LAST_WORDS_BYTES = 256 * 1024


class Channel(asyncio.Protocol, Generic[Incoming]):
    """`incoming` is the union of message types; after `on_garbage`, nothing is delivered."""

    def __init__(
        self,
        incoming: Any,
        on_message: Callable[[Incoming], None],
        on_garbage: Callable[[str], None],
    ) -> None:
        self._decoder = msgspec.msgpack.Decoder(incoming)
        self._frames = FrameBuffer()
        self._on_message = on_message
        self._on_garbage = on_garbage
        self._transport: asyncio.Transport | None = None
        self._sock: socket.socket | None = None

    async def open(self, sock: socket.socket) -> None:
        self._sock = sock
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, sock=sock)

    def send(self, framed: bytes) -> bool:
        """False if the worker's end is closed: its process has ended, however new that is."""
        if self._transport is None or self._sock is None:
            return False
        if not self._transport.get_write_buffer_size():
            # Past the transport, which would close the socket, with the worker's last words in it.
            try:
                sent_bytes = self._sock.send(framed)
            except (BlockingIOError, InterruptedError):
                sent_bytes = 0
            except OSError:
                return False
            if sent_bytes == len(framed):
                return True
            framed = framed[sent_bytes:]
        self._transport.write(framed)
        return True

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def finish(self) -> None:
        """Deliver the last messages of an exited worker, then close.

        The event loop may not have read them yet, and the end of the stream may never arrive if a
        child of the model keeps the socket open.
        """
        if self._sock is not None:
            with contextlib.suppress(OSError):
                while data := self._sock.recv(LAST_WORDS_BYTES):
                    self.data_received(data)
        self.close()

    # --- asyncio's side ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            for payload in self._frames.feed(data):
                self._on_message(self._decoder.decode(payload))
        except (ValueError, msgspec.MsgspecError) as error:
            # The model's code may have written to the descriptor.
            self.close()
            _log.debug("invalid message: %s", error)
            self._on_garbage("it cannot be decoded")

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
