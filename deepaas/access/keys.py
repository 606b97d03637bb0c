"""Keys: what they look like, and what is kept of them.

``dk_ID_SECRET``: by the prefix, secret scanners find keys that have leaked. The id tells which key
it is, and the secret has 190 bits. Only a SHA-256 of the key is kept: nobody can guess a key, so a
slow hash is not necessary.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta, timezone

import msgspec

from deepaas.access.principal import Principal, Right
from deepaas.limits.grammar import parse

PREFIX = "dk_"
PATTERN = r"dk_[0-9A-Za-z]{8}_[0-9A-Za-z]{32}"

_ALPHABET = string.digits + string.ascii_letters
_ID_LENGTH, _SECRET_LENGTH = 8, 32

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


class KeyRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is kept of a key.

    A misspelt field is an error: without ``models``, a key is for all of them.
    """

    id: str
    name: str
    sha256: str
    rights: tuple[Right, ...]
    created: datetime
    models: tuple[str, ...] | None = None
    limits: str = ""
    expires: datetime | None = None
    revoked: datetime | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(rf"[0-9A-Za-z]{{{_ID_LENGTH}}}", self.id):
            raise ValueError(f"the id {self.id!r} of a key is not valid")
        if not is_name(self.name):
            raise ValueError(f"the name {self.name!r} of a key is not valid")
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError(f"the sha256 of the key {self.name!r} is not valid")
        parse(self.limits)
        if any(one is not None and one.tzinfo is None for one in (self.expires, self.revoked)):
            raise ValueError(f"a time of the key {self.name!r} has no time zone")

    @property
    def principal(self) -> Principal:
        models = None if self.models is None else frozenset(self.models)
        return Principal(self.name, frozenset(self.rights), models, self.limits)

    def ends(self) -> datetime | None:
        """From when on it is not valid; None if it has no end."""
        return min((one for one in (self.expires, self.revoked) if one is not None), default=None)

    def is_valid(self, now: datetime) -> bool:
        ends = self.ends()
        return ends is None or now < ends


def is_name(text: str) -> bool:
    """Whether it can stand in logs and metrics."""
    return _NAME.fullmatch(text) is not None


def digest(key: str) -> bytes:
    # Headers may contain any bytes, which aiohttp decodes like this.
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def lookup(key: str) -> str:
    """The part of a key that is not secret, if it was made here."""
    return key[: len(PREFIX) + _ID_LENGTH]


def new_key(
    name: str,
    rights: Collection[Right],
    *,
    models: Sequence[str] | None = None,
    limits: str = "",
    expires: datetime | None = None,
) -> tuple[str, KeyRecord]:
    """Make a key: the key itself, which is shown once, and what to keep of it."""
    own_id, secret = (
        "".join(secrets.choice(_ALPHABET) for _ in range(length))
        for length in (_ID_LENGTH, _SECRET_LENGTH)
    )
    key = f"{PREFIX}{own_id}_{secret}"
    record = KeyRecord(
        own_id,
        name,
        digest(key).hex(),
        tuple(right for right in Right if right in rights),
        now(),
        None if models is None else tuple(models),
        limits,
        expires,
    )
    return key, record


def now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)


def duration(text: str) -> timedelta:
    """Return a duration such as ``90m``, ``12h``, ``30d`` or ``8w``. Raises ``ValueError``."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a duration such as 90m, 12h, 30d or 8w")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
