"""The queue of a model: the calls that wait for a worker, in the order in which they get one."""

from __future__ import annotations

import heapq
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

FIRST = 1
"""The priority that is served first; higher numbers are served later."""

AGED_SECONDS = 5.0
"""Who has waited so long counts as one of priority 1, so that nobody waits for ever."""


class Waiter(Protocol):
    """`id` grows in order of arrival; `arrived` is in seconds of the clock of the queue."""

    @property
    def id(self) -> int: ...

    @property
    def priority(self) -> int: ...

    @property
    def arrived(self) -> float: ...


W = TypeVar("W", bound=Waiter)


class Waiting(Generic[W]):
    """First those of the first priority, and within a priority in order of arrival.

    Nobody is moved when they have waited for long: within a priority all are in order of arrival,
    so only the first of each have to be compared.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._count = 0
        self._levels: dict[int, OrderedDict[int, W]] = {}
        """By priority, then by id."""
        self._only: OrderedDict[int, W] | None = None
        """The level, as long as there is only one, as nearly always."""

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[W]:
        """In the order in which they would be taken now."""
        aged = self._clock() - AGED_SECONDS
        levels = (list(level.values()) for level in self._levels.values())
        return heapq.merge(*levels, key=lambda waiter: _turn(waiter, aged))

    def add(self, waiter: W) -> None:
        """Add one that has just arrived."""
        self._level(waiter)[waiter.id] = waiter
        self._count += 1

    def take(self) -> W:
        """Remove the next one. Raises ``LookupError`` if there is none."""
        level = self._only or self._levels[self._next_priority()]
        _, waiter = level.popitem(last=False)
        self._count -= 1
        return waiter

    def put_back(self, waiter: W) -> None:
        """Add one again that was taken, where it was."""
        level = self._level(waiter)
        first, last = next(iter(level), 0), next(reversed(level), 0)
        level[waiter.id] = waiter
        self._count += 1
        if waiter.id < first:
            level.move_to_end(waiter.id, last=False)
        elif waiter.id < last:  # Somebody who was before it has been put back already.
            for call_id in sorted(level):
                level.move_to_end(call_id)

    def remove(self, waiter: W) -> bool:
        """Whether it was waiting."""
        level = self._levels.get(waiter.priority)
        if level is None or level.pop(waiter.id, None) is None:
            return False
        self._count -= 1
        return True

    def _level(self, waiter: W) -> OrderedDict[int, W]:
        level = self._levels.get(waiter.priority)
        if level is None:
            level = self._levels[waiter.priority] = OrderedDict()
            self._only = level if len(self._levels) == 1 else None
        return level

    def _next_priority(self) -> int:
        aged = self._clock() - AGED_SECONDS
        firsts = (next(iter(level.values())) for level in self._levels.values() if level)
        first = min(firsts, key=lambda waiter: _turn(waiter, aged), default=None)
        if first is None:
            raise LookupError("nobody waits")
        return first.priority


def _turn(waiter: Waiter, aged: float) -> tuple[int, int]:
    """The smallest is next; who arrived at `aged` or before counts as one of the first priority."""
    return FIRST if waiter.arrived <= aged else waiter.priority, waiter.id
