"""The calls that have arrived in a worker and have not begun."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from deepaas.frames import FrameBuffer
from deepaas.messages import Ahead, Batching, Failure, Predict, Timed, ToWorkerCalls
from deepaas.runtime.batching.batcher import Batcher, Item
from deepaas.runtime.loop import RECEIVE_BYTES, received


class Entry(Item):
    """A call in a worker.

    Attributes:
        ahead: whether the host is to be told when it begins.
        arguments: once they have been validated.
        unwanted: whether its client has left after it had begun.
    """

    def __init__(self, call: Predict, ahead: Ahead | None, now: float) -> None:
        super().__init__(call.id, now)
        if ahead is not None:
            self.priority = ahead.priority
            self.urgent_at = now + ahead.urgent_seconds
        self.call = call
        self.ahead = ahead is not None
        self.arguments: dict[str, Any] | None = None
        self.timed: Timed | None = None
        self.is_here = True
        self.unwanted = False


class Inbox:
    """Reads the calls of a worker; can be used from any thread, none of which waits in it.

    Attributes:
        lock: held by whoever reads, or changes what waits in ``batcher``.
        begun: calls that wait, but that the host knows to have begun: nobody takes them out.
        closed: whether the host has closed its end.
    """

    def __init__(
        self, sock: socket.socket, batching: Batching, invalid: Callable[[Failure], None]
    ) -> None:
        self.lock = threading.RLock()
        self.batcher = Batcher(batching)
        self.closed = False
        self.begun: set[int] = set()
        self._sock = sock
        self._invalid = invalid
        self._decoder = msgspec.msgpack.Decoder(ToWorkerCalls)
        self._frames = FrameBuffer()
        self._ahead: dict[int, Ahead] = {}

    def drain(self) -> bool:
        """Take what has arrived; whether there was anything."""
        with self.lock:
            before = len(self.batcher)
            while not self.closed:
                try:
                    data = self._sock.recv(RECEIVE_BYTES, socket.MSG_DONTWAIT)
                except (BlockingIOError, InterruptedError):
                    break
                except OSError:
                    data = b""
                self.closed = not data
                for payload in self._frames.feed(data):
                    self._take(payload)
                if len(data) < RECEIVE_BYTES:
                    break  # More is unlikely, and costs a call of the system to find out.
            return len(self.batcher) != before

    def take_out(self, call_id: int) -> Entry | None:
        """Remove a call that has not begun; None if there is no such one."""
        with self.lock:
            if call_id in self.begun:
                return None
            entry = self.batcher.remove(call_id)
            if entry is None:
                return None
            assert isinstance(entry, Entry)
            entry.is_here = False
            return entry

    def _take(self, payload: bytes) -> None:
        call = received(self._decoder, payload)
        if isinstance(call, Failure):
            self._ahead.pop(call.id, None)
            self._invalid(call)
        elif isinstance(call, Ahead):
            self._ahead[call.id] = call
        else:
            assert isinstance(call, Predict), "training runs have their own workers"
            ahead = self._ahead.pop(call.id, None)
            entry = Entry(call, ahead, time.monotonic())
            if call.timed:
                entry.timed = Timed(call.id, time.time_ns())
            self.batcher.add(entry)
