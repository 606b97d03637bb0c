"""Which of the waiting calls run next, together: pure logic, the time is passed in."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from deepaas.messages import Batching
from deepaas.runtime.batching.cost import Patience

USUAL_PRIORITY = 5
FIRST_PRIORITY = 1

LONE_SECONDS = 1.0
"""A call is alone if no other one has arrived for this time."""


@dataclass(eq=False)
class Item:
    """A waiting call.

    Attributes:
        arrived: in seconds, as all times here.
        priority: 1 is first.
        urgent_at: from then on it counts as 1.
        is_ready: whether its key and count are known.
        key: only calls with equal keys run together.
        count: how many items it holds.
        number: in order of arrival.
    """

    id: int
    arrived: float
    priority: int = USUAL_PRIORITY
    urgent_at: float = math.inf
    is_ready: bool = False
    key: Hashable = None
    count: int = 1
    number: int = field(default=0, init=False)


class Unready(NamedTuple):
    """Calls that have to be made ready, or removed, before a batch can be chosen."""

    items: list[Item]


class Batcher:
    """The waiting calls of a worker, in the order of priority, then arrival."""

    def __init__(self, batching: Batching) -> None:
        self.patience = Patience() if batching.automatic else None
        self._batching = batching
        self._items: dict[int, Item] = {}
        self._arrived_count = 0
        self._latest = self._before = -math.inf

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, call_id: int) -> bool:
        return call_id in self._items

    def add(self, item: Item) -> None:
        self._arrived_count += 1
        item.number = self._arrived_count
        self._items[item.id] = item
        self._before, self._latest = self._latest, item.arrived

    def remove(self, call_id: int) -> Item | None:
        return self._items.pop(call_id, None)

    def in_order(self, now: float) -> list[Item]:
        def rank(item: Item) -> tuple[int, int]:
            urgent = now >= item.urgent_at
            return (FIRST_PRIORITY if urgent else item.priority, item.number)

        return sorted(self._items.values(), key=rank)

    def choose(self, now: float) -> list[Item] | Unready | float:
        """Take a batch out, empty if nothing waits; or tell which calls must be made ready first,
        or until when waiting pays."""
        groups: dict[Hashable, _Group] = {}
        first: _Group | None = None
        unready: list[Item] = []
        for item in self.in_order(now):
            if not item.is_ready:
                unready.append(item)
            elif not unready:
                group = groups.get(item.key)
                if group is None:
                    group = groups[item.key] = _Group(self.size)
                first = first or group
                group.add(item)
                if first.full:
                    break
            if unready and len(unready) + (len(first.items) if first else 0) >= self.size:
                break
        if unready:
            return Unready(unready)
        if first is None:
            return []
        until = self._until(first, now)
        if until > now:
            # Another group may go meanwhile, instead of an idle model.
            others = (one for one in groups.values() if one.full or self._until(one, now) <= now)
            found = next(others, None)
            if found is None:
                return min(self._until(one, now) for one in groups.values())
            first = found
        for item in first.items:
            del self._items[item.id]
        return first.items

    @property
    def size(self) -> int:
        """Items of a batch at most."""
        return self.patience.size(self._batching.size) if self.patience else self._batching.size

    def ended(self, count: int, seconds: float, now: float) -> None:
        """A batch of so many items has run; nothing if it has been interrupted."""
        if self.patience is not None:
            self.patience.observe(count, seconds, len(self._items), now)

    def _until(self, group: _Group, now: float) -> float:
        """Until when a group waits for more calls; now or earlier if it does not."""
        if group.full:
            return now
        oldest = min(item.arrived for item in group.items)
        if self.patience is not None:
            return self.patience.until(len(self._items), self.size, oldest, self._latest)
        if not self._batching.delay_seconds:
            return now
        if len(self._items) == 1 and not self._batching.chosen:
            previous = self._before
            if oldest - previous >= LONE_SECONDS:
                return now
        return oldest + self._batching.delay_seconds


class _Group:
    """Calls that can run together, as long as there is room."""

    def __init__(self, size: int) -> None:
        self.items: list[Item] = []
        self.full = False
        self._room = size

    def add(self, item: Item) -> None:
        if self.full:
            return
        if self.items and item.count > self._room:
            self.full = True  # A later, smaller one must not overtake it.
            return
        self.items.append(item)
        self._room -= item.count
        self.full = self._room <= 0
