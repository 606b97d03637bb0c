"""Closes idle connections after a timeout, or when others need the room.

All are checked once a second, which costs requests almost nothing.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from aiohttp import web

from deepaas.notes import Notes
from deepaas.web.addresses import ListenAddress
from deepaas.web.awake import Awake
from deepaas.web.connection import Connection, ConnectionLimits
from deepaas.web.counted import CountedConnection
from deepaas.web.observers import ObservedConnection, Observers, noting
from deepaas.web.sending import silent

_log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0

MAX_COUNT = 4096
"""An idle connection takes about 20 KB."""

WAITING_BYTES = 64 * 1024 * 1024
"""Limit for all send buffers together; above it, the slowest clients are disconnected."""

GIVE_WAY_COUNT = 16
"""How many are closed at a time, because finding them means checking all."""

CANDIDATES_COUNT = 64

NEVER_SECONDS = 1e9


def fitting_count(open_files: int, processes_count: int) -> int:
    # Subtracts what the host needs itself, and sockets and pipes for each process, twice during a
    # replacement. Half of the rest is for files and upstream connections.
    rest = open_files - 96 - 16 * processes_count
    return max(16, min(MAX_COUNT, rest // 2))


class Connections:
    def __init__(
        self,
        server: web.Server,
        limits: ConnectionLimits,
        notes: Notes,
        observers: Observers | None = None,
        **options: Any,
    ) -> None:
        self._server = server
        self._make: Callable[..., Connection] = Connection
        if observers is not None:
            self._make = partial(ObservedConnection, observers=observers)
            server.request_factory = noting(server.request_factory)
        self._limits = limits
        self._notes = notes
        # This class closes idle connections itself.
        self._options = {**options, "access_log": None, "keepalive_timeout": NEVER_SECONDS}
        self.refused_count = 0
        self._loop = asyncio.get_running_loop()
        self._open: set[CountedConnection] = set()
        self._of_address: Counter[str] = Counter()
        self._next_look: asyncio.TimerHandle | None = None
        self.hear = Awake(self._loop).hear

    def __call__(self, at: ListenAddress | None = None) -> Connection:
        return self._make(self, self._server, at=at, loop=self._loop, **self._options)

    def at(self, address: ListenAddress) -> Callable[[], Connection]:
        """A factory of the connections of one listener."""
        return partial(self, address)

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: CountedConnection) -> bool:
        """Whether there is room for it, or can be made."""
        if connection.opening is not None:
            self.forget(connection.opening)
            connection.opening = None
        # The clients of a Unix socket have no address.
        of_address = self._limits.per_address_count if connection.address else 0
        if of_address and self._of_address[connection.address] >= of_address:
            same = [each for each in self._open if each.address == connection.address]
            if not self._make_room(same, 1):
                return self._refuse()
        if (
            self._limits.count
            and len(self._open) >= self._limits.count
            and not self._make_room(self._open, GIVE_WAY_COUNT)
        ):
            return self._refuse()
        self._open.add(connection)
        self._of_address[connection.address] += 1
        if self._next_look is None:
            self._next_look = self._loop.call_later(LOOK_SECONDS, self._look)
        return True

    def forget(self, connection: CountedConnection) -> None:
        if connection in self._open:
            self._open.discard(connection)
            self._of_address[connection.address] -= 1
            if not self._of_address[connection.address]:
                del self._of_address[connection.address]

    def end_handshakes(self) -> None:
        """Close the connections that are not open yet."""
        for each in list(self._open):
            if not isinstance(each, Connection):
                each.give_way()

    def make_room(self) -> bool:
        """Close some idle connections; False if there are none."""
        return self._make_room(self._open, GIVE_WAY_COUNT)

    def _refuse(self) -> bool:
        self.refused_count += 1
        self._notes.note("a connection was refused: there are too many, and none is idle")
        return False

    def _make_room(self, among: Iterable[CountedConnection], count: int) -> bool:
        # First those that have never sent a request, then the longest idle.
        waiting = [
            (not each.is_new, since, id(each), each)
            for each in among
            if (since := each.waits_since) is not None
        ]
        longest = [each for *_, each in heapq.nsmallest(CANDIDATES_COUNT, waiting)]
        leaving = silent(longest)[:count]
        for each in leaving:
            each.give_way()
            self.forget(each)
            self._notes.note("an idle connection was closed to make room for another")
        return bool(leaving)

    def _look(self) -> None:
        now = self._loop.time()
        waiting_bytes = 0
        for each in list(self._open):
            if why := each.look(now, self._limits):
                _log.debug("closed a connection of %s: %s", each.address, why)
            waiting_bytes += each.waiting_bytes
        if waiting_bytes > WAITING_BYTES:
            self._end_slowest(waiting_bytes)
        self._next_look = self._loop.call_later(LOOK_SECONDS, self._look) if self._open else None

    def _end_slowest(self, waiting_bytes: int) -> None:
        slow = [each for each in self._open if each.waiting_bytes]
        for each in sorted(slow, key=lambda one: one.stuck_since or sys.maxsize):
            if waiting_bytes <= WAITING_BYTES:
                return
            waiting_bytes -= each.waiting_bytes
            each.break_off()
            self._notes.note("a slow client was disconnected: too much data was waiting to be sent")
