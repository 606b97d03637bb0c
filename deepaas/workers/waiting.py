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
        self._levels: dict[int, OrderedDict[int, W]] = {}
        """By priority, then by id; there is no empty one."""

    def __len__(self) -> int:
        return sum(map(len, self._levels.values()))

    def __bool__(self) -> bool:
        return bool(self._levels)

    def __iter__(self) -> Iterator[W]:
        """In the order in which they would be taken now."""
        aged = self._clock() - AGED_SECONDS
        levels = (list(level.values()) for level in self._levels.values())
        return heapq.merge(*levels, key=lambda waiter: _turn(waiter, aged))

    def add(self, waiter: W) -> None:
        """Add one that has just arrived."""
        level = self._levels.get(waiter.priority)
        if level is None:
            level = self._levels[waiter.priority] = OrderedDict()
        level[waiter.id] = waiter

    def take(self) -> W:
        """Remove the next one. Raises ``LookupError`` if there is none."""
        is_usual = len(self._levels) == 1
        priority = next(iter(self._levels)) if is_usual else self._next_priority()
        level = self._levels[priority]
        _, waiter = level.popitem(last=False)
        if not level:
            del self._levels[priority]
        return waiter

    def put_back(self, waiter: W) -> None:
        """Add one again that was taken, where it was."""
        level = self._levels.get(waiter.priority)
        if level is None:
            self.add(waiter)
        elif waiter.id < next(iter(level)):
            level[waiter.id] = waiter
            level.move_to_end(waiter.id, last=False)
        else:  # Somebody who was before it has been put back already.
            level[waiter.id] = waiter
            self._levels[waiter.priority] = OrderedDict(sorted(level.items()))

    def remove(self, waiter: W) -> bool:
        """Whether it was waiting."""
        level = self._levels.get(waiter.priority)
        if level is None or level.pop(waiter.id, None) is None:
            return False
        if not level:
            del self._levels[waiter.priority]
        return True

    def _next_priority(self) -> int:
        aged = self._clock() - AGED_SECONDS
        firsts = (next(iter(level.values())) for level in self._levels.values())
        first = min(firsts, key=lambda waiter: _turn(waiter, aged), default=None)
        if first is None:
            raise LookupError("nobody waits")
        return first.priority


def _turn(waiter: Waiter, aged: float) -> tuple[int, int]:
    """The smallest is next; who arrived at `aged` or before counts as one of the first priority."""
    return FIRST if waiter.arrived <= aged else waiter.priority, waiter.id
