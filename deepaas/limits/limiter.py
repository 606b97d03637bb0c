"""Decides whether a call is within all limits of its key, its address and its model."""

from __future__ import annotations

import functools
import ipaddress
import time
from collections.abc import Iterator, Sequence

from deepaas.errors import LimitExceeded, RequestTooLarge
from deepaas.limits.grammar import Limits, LimitsByName, parse
from deepaas.limits.policies import AtOnce, Policy, Quota, policies

APPLIED_COUNT = 4096
"""So many are kept at hand."""

Counted = tuple[Policy, str]
"""A policy, and who uses it."""


class AppliedLimits:
    """The limits of one key, address and model together.

    Attributes:
        counted: all of them.
        described: as in ``RateLimit-Policy``.
        at_once: those that a call gives back when it ends.
        of_bytes: those that count its body.
    """

    __slots__ = ("at_once", "counted", "described", "of_bytes")

    def __init__(self, counted: Sequence[Counted]) -> None:
        self.counted = tuple(counted)
        self.described = ", ".join([policy.described for policy, _ in counted])
        self.at_once = [(one, who) for one, who in counted if isinstance(one, AtOnce)]
        self.of_bytes = [
            (one, who) for one, who in counted if isinstance(one, Quota) and one.counts_bytes
        ]


class Admission:
    """A call that has been admitted; its end gives back what it holds."""

    def __init__(self, applied: AppliedLimits, size_bytes: int) -> None:
        self._applied = applied
        self._size_bytes = size_bytes

    @property
    def counts_bytes(self) -> bool:
        return bool(self._applied.of_bytes)

    def __enter__(self) -> Admission:
        return self

    def __exit__(self, *_: object) -> None:
        for policy, who in self._applied.at_once:
            policy.end(who)

    def count(self, size_bytes: int) -> None:
        """Count what has been received so far instead of what was announced."""
        more_bytes = size_bytes - self._size_bytes
        self._size_bytes = size_bytes
        now = time.monotonic()
        for policy, who in self._applied.of_bytes:
            policy.use(who, more_bytes, now)

    def check(self) -> None:
        """Raises ``LimitExceeded`` if more has been received than was left."""
        now = time.monotonic()
        behind = [
            (policy.overdrawn_seconds(who, now), policy) for policy, who in self._applied.of_bytes
        ]
        if exceeded := [one for one in behind if one[0]]:
            raise _exceeded(exceeded)


class Limiter:
    def __init__(self, per_address: Limits, per_key: Limits, per_model: LimitsByName) -> None:
        self._per_address = policies("address", per_address)
        self._per_key = policies("key", per_key)
        self._per_model = policies("model", per_model.general)
        self._of_models = {name: policies("model", own) for name, own in per_model.own.items()}
        self._of_keys: dict[Limits, tuple[Policy, ...]] = {}
        self.applied = functools.lru_cache(APPLIED_COUNT)(self._applied)

    def all(self) -> Iterator[Policy]:
        yield from (*self._per_address, *self._per_key, *self._per_model)
        for own in (*self._of_models.values(), *self._of_keys.values()):
            yield from own

    def _applied(self, address: str, model: str, key: str | None, own: str = "") -> AppliedLimits:
        """What limits a call; ``key`` is None without one, ``own`` are its own limits."""
        found: list[Counted] = []
        if key is not None:
            found += [(policy, key) for policy in self._of_key(own_limits(own))]
        if self._per_address:
            network = network_of(address)
            found += [(policy, network) for policy in self._per_address]
        if model:
            of_model = self._of_models.get(model, self._per_model)
            found += [(policy, model) for policy in of_model]
        return AppliedLimits(found)

    def _of_key(self, own: Limits | None) -> tuple[Policy, ...]:
        if own is None:
            return self._per_key
        if own not in self._of_keys:
            self._of_keys[own] = policies("key", own)
        return self._of_keys[own]

    @property
    def only_of_keys(self) -> bool:
        """Whether there are no limits but those that a key has of its own."""
        return not (self._per_address or self._per_key or self._per_model or self._of_models)

    def admit(self, applied: AppliedLimits, size_bytes: int) -> Admission:
        """Count a call; if it is refused, nothing is counted.

        ``size_bytes`` is what its head says about its body, 0 if it says nothing.

        Raises:
            LimitExceeded: a limit is reached.
            RequestTooLarge: the body is larger than a limit ever allows.
        """
        for quota, _ in applied.of_bytes:
            if size_bytes > quota.limit.amount:
                raise RequestTooLarge.than(quota.limit.amount)
        now = time.monotonic()
        taken_count = 0
        for policy, who in applied.counted:
            if not policy.take(who, size_bytes, now):
                break
            taken_count += 1
        else:
            return Admission(applied, size_bytes)
        for policy, who in applied.counted[:taken_count]:
            policy.give_back(who, size_bytes, now)
        waits = [(one.wait_seconds(who, size_bytes, now), one) for one, who in applied.counted]
        exceeded = [one for one in waits if one[0]]
        raise _exceeded(exceeded)


def _exceeded(exceeded: Sequence[tuple[float, Policy]]) -> LimitExceeded:
    _, policy = max(exceeded, key=lambda one: one[0])
    violated = {each.name: each_seconds for each_seconds, each in exceeded}
    return LimitExceeded(policy.scope, policy.limit.words, violated)


@functools.lru_cache(maxsize=1024)
def own_limits(text: str) -> Limits | None:
    """The limits of a key; None for those of all keys, also if they are not understood."""
    try:
        return parse(text) if text.strip() else None
    except ValueError:
        return None


@functools.lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Whose an address is: an IPv6 client has a /64 network, with an address for each call."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address  # A Unix socket.
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
