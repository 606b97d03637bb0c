"""Reads limits as operators write them: ``100/minute, 10 at once, 1 GB/hour``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum

from deepaas.near_names import did_you_mean

EXAMPLE = "100/minute, 10 at once, 1 GB/hour"

NONE = "none"
"""For a key or a model without limits where others have some."""

MAX_SECONDS = 31 * 86400
MAX_AMOUNT = 10**15
"""The largest integer in a structured field of HTTP (RFC 9651), in round numbers."""

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_PERIODS = {"s": "second", "sec": "second", "min": "minute", "m": "minute", "h": "hour", "d": "day"}
_BYTES = {"b": 1, "byte": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_BYTES |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_CALLS = ("call", "request")

_AMOUNT = r"(?P<amount>[0-9]+(?:\.[0-9]+)?)\s*"
_AT_ONCE = re.compile(rf"{_AMOUNT}(?P<unit>[a-z]*)\s*at\s+once")
_IN_TIME = re.compile(
    rf"{_AMOUNT}(?P<unit>[a-z]*)\s*(?:/|per\b|an?\b)\s*(?P<count>[0-9]*)\s*(?P<period>[a-z]+)"
)


class LimitKind(Enum):
    """What is counted, in the words of the draft of RateLimit headers (its ``qu``)."""

    CALLS = "requests"
    AT_ONCE = "concurrent-requests"
    BYTES = "content-bytes"


@dataclass(frozen=True)
class Limit:
    """At most ``amount`` within ``seconds``, which are 0 for calls at once."""

    kind: LimitKind
    amount: int
    seconds: int = 0

    @property
    def name(self) -> str:
        """A name that no other limit of the same subject has: ``calls-per-60s``."""
        what = "bytes" if self.kind is LimitKind.BYTES else "calls"
        return f"{what}-per-{self.seconds}s" if self.seconds else "calls-at-once"

    @property
    def parameters(self) -> str:
        """As in ``RateLimit-Policy``."""
        unit = "" if self.kind is LimitKind.CALLS else f';qu="{self.kind.value}"'  # The default.
        return f"q={self.amount}{unit}" + (f";w={self.seconds}" if self.seconds else "")

    @property
    def words(self) -> str:
        if self.kind is LimitKind.AT_ONCE:
            return f"{self.amount} at once"
        what = _shown(self.amount) if self.kind is LimitKind.BYTES else f"{self.amount} calls"
        for period, seconds in reversed(_SECONDS.items()):
            if self.seconds % seconds == 0:
                count = self.seconds // seconds
                return f"{what} in {f'{count} {period}s' if count > 1 else f'one {period}'}"
        return what


Limits = tuple[Limit, ...]


def parse(text: str) -> Limits:
    """Return the limits in a text; none for an empty one and for ``none``.

    Raises:
        ValueError: it is not understood; the text says why, for its author.
    """
    if text.strip().lower() in ("", NONE):
        return ()
    found: dict[str, Limit] = {}
    for part in text.split(","):
        limit = _one(" ".join(part.lower().split()))
        if limit.name in found:
            raise ValueError(f"it has two limits of the kind {part.strip()!r}: keep the lower one")
        found[limit.name] = limit
    return tuple(found.values())


@dataclass(frozen=True)
class LimitsByName:
    """Limits for all, and those of some, which have these instead."""

    general: Limits = ()
    own: Mapping[str, Limits] = field(default_factory=dict)

    def of(self, name: str) -> Limits:
        return self.own.get(name, self.general)

    def __bool__(self) -> bool:
        return bool(self.general or any(self.own.values()))


def parse_by_name(text: str, known: Collection[str]) -> LimitsByName:
    """Like :func:`parse`, for ``100/minute; yolo = 2 at once``.

    Raises:
        ValueError: it is not understood, or a name is not known.
    """
    general: Limits | None = None
    own: dict[str, Limits] = {}
    for part in text.split(";") if text.strip() else ():
        name, named, limits = part.partition("=")
        if not named:
            if general is not None:
                raise ValueError("it has two parts without a name")
            general = parse(part)
            continue
        name = name.strip()
        if name not in known:
            raise ValueError(f"there is no model {name!r}{did_you_mean(name, known)}")
        if name in own:
            raise ValueError(f"{name!r} has limits twice")
        own[name] = parse(limits)
    return LimitsByName(general or (), own)


def _one(part: str) -> Limit:
    if not part:
        raise ValueError("there is nothing before or after a comma")
    if found := _AT_ONCE.fullmatch(part):
        if found["unit"] and found["unit"].removesuffix("s") not in _CALLS:
            raise ValueError(f"only calls can be counted at once, not {found['unit']!r}")
        return Limit(LimitKind.AT_ONCE, _count(found["amount"], part))
    found = _IN_TIME.fullmatch(part)
    if found is None:
        raise ValueError(f"{part!r} is neither a number in a time nor a number at once")
    unit = found["unit"]
    seconds = _period(found["period"]) * int(found["count"] or 1)
    if not 1 <= seconds <= MAX_SECONDS:
        raise ValueError(f"the time in {part!r} must be from 1 second to 31 days")
    if not unit or unit.removesuffix("s") in _CALLS:
        return Limit(LimitKind.CALLS, _count(found["amount"], part), seconds)
    size = _BYTES.get(unit) or _BYTES.get(unit.removesuffix("s"))
    if size is None:
        raise ValueError(
            f"{unit!r} in {part!r} is not known: give bytes as B, kB, MB, GB, TB, KiB, MiB, GiB or "
            "TiB, and calls as calls or without a unit"
        )
    amount = int(float(found["amount"]) * size)
    _check(amount, part)
    return Limit(LimitKind.BYTES, amount, seconds)


def _shown(size_bytes: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes % size == 0:
            return f"{size_bytes // size} {unit}"
    return f"{size_bytes} bytes"


def _period(word: str) -> int:
    word = _PERIODS.get(word, word)
    seconds = _SECONDS.get(word) or _SECONDS.get(word.removesuffix("s"))
    if seconds is None:
        raise ValueError(
            f"{word!r} is not a time: use second, minute, hour or day{did_you_mean(word, _SECONDS)}"
        )
    return seconds


def _count(amount: str, part: str) -> int:
    if "." in amount:
        raise ValueError(f"the number of calls in {part!r} must be a whole number")
    _check(int(amount), part)
    return int(amount)


def _check(amount: int, part: str) -> None:
    if not amount:
        raise ValueError(f"{part!r} would refuse everything")
    if amount > MAX_AMOUNT:
        raise ValueError(f"the number in {part!r} is too large")
