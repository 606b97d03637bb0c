"""Decides whether a call is within all limits of its key, its address and its model."""

from __future__ import annotations

import functools
import ipaddress
import time
from collections.abc import Iterator, Sequence

from deepaas.errors import LimitExceeded, RequestTooLarge
from deepaas.limits.grammar import LimitKind, Limits, LimitsByName
from deepaas.limits.policies import Policy, Quota, policies

Counted = tuple[Policy, str]
"""A policy, and who uses it."""


class Admission:
    """A call that has been admitted; its end gives back what it holds."""

    def __init__(self, counted: Sequence[Counted], size_bytes: int) -> None:
        self.counted = counted
        self._size_bytes = size_bytes

    def __enter__(self) -> Admission:
        return self

    def __exit__(self, *_: object) -> None:
        for policy, who in self.counted:
            policy.end(who)

    @property
    def counts_bytes(self) -> bool:
        return any(True for _ in self._of_bytes())

    def count(self, size_bytes: int) -> None:
        """Count what has been received so far instead of what was announced."""
        more_bytes = size_bytes - self._size_bytes
        self._size_bytes = size_bytes
        now = time.monotonic()
        for policy, who in self._of_bytes():
            policy.use(who, more_bytes, now)

    def check(self) -> None:
        """Raises ``LimitExceeded`` if more has been received than was left."""
        now = time.monotonic()
        behind = [(policy.overdrawn_seconds(who, now), policy) for policy, who in self._of_bytes()]
        _refuse([one for one in behind if one[0]])

    def _of_bytes(self) -> Iterator[tuple[Quota, str]]:
        for policy, who in self.counted:
            if isinstance(policy, Quota) and policy.counts_bytes:
                yield policy, who


class Limiter:
    def __init__(self, per_address: Limits, per_key: Limits, per_model: LimitsByName) -> None:
        self._per_address = policies("address", per_address)
        self._per_key = policies("key", per_key)
        self._per_model = policies("model", per_model.general)
        self._of_models = {name: policies("model", own) for name, own in per_model.own.items()}
        self._of_keys: dict[Limits, tuple[Policy, ...]] = {}

    def all(self) -> Iterator[Policy]:
        yield from (*self._per_address, *self._per_key, *self._per_model)
        for own in (*self._of_models.values(), *self._of_keys.values()):
            yield from own

    def counted(
        self, address: str, model: str, key: str | None, own: Limits | None
    ) -> list[Counted]:
        """What limits a call; ``key`` is None without one, ``own`` are its own limits."""
        found: list[Counted] = []
        if key is not None:
            found += [(policy, key) for policy in self._of_key(own)]
        if self._per_address:
            network = network_of(address)
            found += [(policy, network) for policy in self._per_address]
        if model:
            of_model = self._of_models.get(model, self._per_model)
            found += [(policy, model) for policy in of_model]
        return found

    def _of_key(self, own: Limits | None) -> tuple[Policy, ...]:
        if own is None:
            return self._per_key
        if own not in self._of_keys:
            self._of_keys[own] = policies("key", own)
        return self._of_keys[own]

    def admit(self, counted: Sequence[Counted], size_bytes: int) -> Admission:
        """Count a call; if it is refused, nothing is counted.

        ``size_bytes`` is what its head says about its body, 0 if it says nothing.

        Raises:
            LimitExceeded: a limit is reached.
            RequestTooLarge: the body is larger than a limit ever allows.
        """
        now = time.monotonic()
        exceeded = []
        for policy, who in counted:
            if policy.limit.kind is LimitKind.BYTES and size_bytes > policy.limit.amount:
                raise RequestTooLarge.than(policy.limit.amount)
            if seconds := policy.wait_seconds(who, size_bytes, now):
                exceeded.append((seconds, policy))
        _refuse(exceeded)
        for policy, who in counted:
            policy.begin(who, size_bytes, now)
        return Admission(counted, size_bytes)


def _refuse(exceeded: Sequence[tuple[float, Policy]]) -> None:
    if exceeded:
        _, policy = max(exceeded, key=lambda one: one[0])
        violated = {each.name: each_seconds for each_seconds, each in exceeded}
        raise LimitExceeded(policy.scope, policy.limit.words, violated)


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
