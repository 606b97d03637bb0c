"""The keys that a host accepts, in memory."""

from __future__ import annotations

import hmac
import math
import secrets
import time
from collections.abc import Iterable
from typing import NamedTuple

from deepaas.access.keys import PREFIX, KeyRecord, digest, lookup
from deepaas.access.principal import ALL_RIGHTS, Principal
from deepaas.errors import Unauthenticated

ENVIRONMENT = "DEEPAAS_API_KEY"
"""The variable with a key that has all rights, and the name of this key in logs and metrics."""


class _Accepted(NamedTuple):
    digest: bytes
    principal: Principal | None
    ends: float


class KeyRing:
    """`given` is a key with all rights besides those of the file; empty if there is none."""

    def __init__(self, records: Iterable[KeyRecord] = (), given: str = "") -> None:
        # A key that does not exist takes the same way as one whose secret is wrong.
        self._none = _Accepted(secrets.token_bytes(32), None, math.inf)
        everything = Principal(ENVIRONMENT, ALL_RIGHTS)
        self._given = (
            {lookup(given): _Accepted(digest(given), everything, math.inf)} if given else {}
        )
        self._accepted: dict[str, _Accepted] = {}
        self.replace(records)

    def replace(self, records: Iterable[KeyRecord]) -> None:
        found = dict(self._given)
        for one in records:
            ends = one.ends()
            # If a key is in the file as well, its rights there count, and its end.
            found[f"{PREFIX}{one.id}"] = _Accepted(
                bytes.fromhex(one.sha256),
                one.principal,
                math.inf if ends is None else ends.timestamp(),
            )
        self._accepted = found

    def authenticate(self, _request: object, token: str) -> Principal | None:
        """See :class:`deepaas.web.access.Authenticator`."""
        if not token:
            return None
        found = self._accepted.get(lookup(token), self._none)
        is_right = hmac.compare_digest(digest(token), found.digest)
        if is_right and time.time() < found.ends:
            return found.principal
        if token.startswith(PREFIX) or is_right:
            raise Unauthenticated.unknown()
        return None  # Perhaps a token of another kind.

    def holder(self, name: str, key: str | None = None) -> tuple[bytes, Principal] | None:
        """Return the digest and the owner of a key; None if it is not valid.

        ``name`` is its :func:`lookup`, or empty for one of the operator's own, which has no part
        that is not secret. With ``key``, only if it is exactly this one.
        """
        if name:
            found = self._accepted.get(name, self._none)
        else:
            found = next(iter(self._given.values()), self._none)
        is_right = key is None or hmac.compare_digest(digest(key), found.digest)
        if found.principal is None or not is_right or time.time() >= found.ends:
            return None
        return found.digest, found.principal

    def principals(self) -> list[Principal]:
        """The owners of all keys that are valid now."""
        now = time.time()
        valid = [one.principal for one in self._accepted.values() if now < one.ends]
        # While a key is being replaced, there are two with this name.
        return list(dict.fromkeys(one for one in valid if one is not None))
