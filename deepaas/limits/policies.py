"""What callers have used of a limit, in the memory of this process.

A quota is a bucket that refills evenly. Its whole state is one number, the time at which it is full
again (the "theoretical arrival time" of GCRA): each use puts that off by the time in which as much
flows back. A full bucket needs no entry, so only callers of the last while are in memory.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import Protocol

from deepaas.limits.grammar import Limit, LimitKind, Limits

MAX_ENTRIES_COUNT = 50_000
"""Of one quota: about 8 MB. Beyond that, the oldest ones are forgotten."""

TIDY_COUNT = 8
"""How many of the oldest entries a new one looks at, to remove those that are full again."""

AT_ONCE_RETRY_SECONDS = 1.0
"""Nobody knows when a call in progress ends."""


EXACT_SECONDS = 1e-6
"""Sums of times are not exact."""


class Policy(Protocol):
    """One limit of one scope.

    Attributes:
        scope: what has it: ``key``, ``address`` or ``model``.
        name: for clients: ``address-calls-per-60s``.
        described: as in ``RateLimit-Policy``.
    """

    scope: str
    limit: Limit
    name: str
    described: str

    def wait_seconds(self, who: str, size_bytes: int, now: float) -> float:
        """How long a call of so many bytes has to wait; 0 if it is within the limit."""

    def take(self, who: str, size_bytes: int, now: float) -> bool:
        """Count a call, unless it is beyond the limit; returns whether it is counted."""

    def give_back(self, who: str, size_bytes: int, now: float) -> None:
        """Do not count a call that has just been counted: another limit refuses it."""

    def end(self, who: str) -> None:
        """The call has ended."""

    def left(self, who: str, now: float) -> tuple[int, float]:
        """How much is left, in calls or bytes, and after how many seconds there is more.

        The time is that until all of it is back; if nothing is left, until there is a little.
        """


class AtOnce:
    """Counts calls in progress. It never has more entries than there are connections."""

    def __init__(self, scope: str, limit: Limit) -> None:
        self.scope = scope
        self.limit = limit
        self.name = f"{scope}-{limit.name}"
        self.described = f'"{self.name}";{limit.parameters}'
        self.running: Counter[str] = Counter()
        self.elsewhere: dict[str, int] = {}
        """Calls in progress on other hosts."""

    def wait_seconds(self, who: str, size_bytes: int, now: float) -> float:  # noqa: ARG002
        return 0.0 if self._free_count(who) > 0 else AT_ONCE_RETRY_SECONDS

    def take(self, who: str, size_bytes: int, now: float) -> bool:  # noqa: ARG002
        if self._free_count(who) <= 0:
            return False
        self.running[who] += 1
        return True

    def give_back(self, who: str, size_bytes: int, now: float) -> None:  # noqa: ARG002
        self.end(who)

    def end(self, who: str) -> None:
        self.running[who] -= 1
        if not self.running[who]:
            del self.running[who]

    def left(self, who: str, now: float) -> tuple[int, float]:  # noqa: ARG002
        free_count = max(0, self._free_count(who))
        return free_count, 0.0 if free_count else AT_ONCE_RETRY_SECONDS

    def _free_count(self, who: str) -> int:
        return self.limit.amount - self.running[who] - self.elsewhere.get(who, 0)


class Quota:
    """Counts calls or bytes in a time."""

    def __init__(self, scope: str, limit: Limit, max_count: int = MAX_ENTRIES_COUNT) -> None:
        self.scope = scope
        self.limit = limit
        self.name = f"{scope}-{limit.name}"
        self.described = f'"{self.name}";{limit.parameters}'
        self.counts_bytes = limit.kind is LimitKind.BYTES
        self._unshared: dict[str, float] | None = None
        self._max_count = max_count
        self._seconds = float(limit.seconds)
        self._most_seconds = self._seconds + EXACT_SECONDS
        self._each_seconds = limit.seconds / limit.amount
        # The oldest entries come first. A dict would take ever longer to find its first one.
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait_seconds(self, who: str, size_bytes: int, now: float) -> float:
        # A byte must be left even if the length of the body is unknown.
        amount = max(1, size_bytes) if self.counts_bytes else 1
        missing_seconds = amount * self._each_seconds - self._seconds
        return max(0.0, self.used_seconds(who, now) + missing_seconds - EXACT_SECONDS)

    def take(self, who: str, size_bytes: int, now: float) -> bool:
        seconds = each_seconds = self._each_seconds
        if self.counts_bytes:
            seconds = size_bytes * each_seconds
        full_at = self._full_at.get(who)
        begins = now if full_at is None or full_at < now else full_at
        # A byte must be left even if the length of the body is unknown.
        if begins + (seconds or each_seconds) > now + self._most_seconds:
            return False
        if self._unshared is not None:
            self._unshared[who] = self._unshared.get(who, 0.0) + seconds
        if full_at is None:
            self._set_full_in(who, seconds, now)
        else:
            self._full_at[who] = begins + seconds
        return True

    def give_back(self, who: str, size_bytes: int, now: float) -> None:
        self.use(who, -size_bytes if self.counts_bytes else -1, now)

    def end(self, who: str) -> None:
        """Nothing is given back."""

    def use(self, who: str, amount: float, now: float) -> None:
        """Count an amount; a negative one is given back."""
        seconds = amount * self._each_seconds
        if self._unshared is not None:
            self._unshared[who] = self._unshared.get(who, 0.0) + seconds
        self._set_full_in(who, self.used_seconds(who, now) + seconds, now)

    def used_seconds(self, who: str, now: float) -> float:
        """How long until all of the quota is back."""
        return max(0.0, self._full_at.get(who, now) - now)

    def left(self, who: str, now: float) -> tuple[int, float]:
        amount = self.limit.amount
        used_seconds = self._full_at.get(who, now) - now
        if used_seconds <= 0.0:
            return amount, 0.0
        left = int(amount - used_seconds / self._each_seconds + 1e-6)
        return (left, used_seconds) if left > 0 else (0, self.wait_seconds(who, 1, now))

    def overdrawn_seconds(self, who: str, now: float) -> float:
        """How long until nothing is missing any more; 0 if nothing is."""
        return max(0.0, self.used_seconds(who, now) - self._seconds - EXACT_SECONDS)

    # --- shared with other hosts ---

    def take_unshared(self) -> dict[str, float]:
        """What has been used since the last time, in seconds."""
        taken, self._unshared = self._unshared or {}, {}
        return taken

    def put_back_unshared(self, taken: dict[str, float]) -> None:
        """Share it the next time; if it is too much, it is forgotten."""
        since = self._unshared or {}
        if len(taken) + len(since) <= self._max_count:
            both = taken.keys() | since.keys()
            self._unshared = {who: taken.get(who, 0.0) + since.get(who, 0.0) for who in both}

    def learn(self, who: str, seconds: float, now: float) -> None:
        """All hosts together: all of it is back in so many seconds."""
        since = (self._unshared or {}).get(who, 0.0)
        self._set_full_in(who, seconds + since, now)

    def _set_full_in(self, who: str, seconds: float, now: float) -> None:
        if seconds <= 0:
            self._full_at.pop(who, None)
            return
        is_new = who not in self._full_at
        self._full_at[who] = now + seconds
        if is_new:
            self._tidy(now)

    def _tidy(self, now: float) -> None:
        for _ in range(min(TIDY_COUNT, len(self._full_at) - 1)):
            oldest, full_at = self._full_at.popitem(last=False)
            if full_at > now and len(self._full_at) < self._max_count:
                self._full_at[oldest] = full_at  # Behind the others: these are looked at next.


def policies(scope: str, limits: Limits) -> tuple[Policy, ...]:
    return tuple(
        AtOnce(scope, limit) if limit.kind is LimitKind.AT_ONCE else Quota(scope, limit)
        for limit in limits
    )
