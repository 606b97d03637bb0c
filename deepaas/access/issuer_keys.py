"""The public keys of an OpenID Connect issuer: fetched, kept, and fetched again for a new one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import jwt

from deepaas.errors import ConfigError, IssuerUnavailable

_log = logging.getLogger(__name__)

KEEP_SECONDS = 3600.0
"""After this, the keys are fetched again; a revoked one is accepted that long."""

STALE_SECONDS = 24 * 3600.0
"""How long they are used if the issuer does not respond."""

PAUSE_SECONDS = 10.0
"""The least time between two fetches: anybody can send a token with an unknown key."""

MAX_KEYS = 100

LOOPBACK = ("localhost", "127.0.0.1", "::1")

FetchJson = Callable[[str], Awaitable[Any]]


class IssuerKeys:
    """``fetch`` returns the JSON document at a URL; it raises ``OSError`` or ``ValueError``.

    Source: OpenID Connect Discovery 1.0, section 4; RFC 7517.
    """

    def __init__(self, issuer: str, fetch: FetchJson) -> None:
        self.issuer = issuer
        self._fetch = fetch
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = self._tried = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """The key with an id; None if the issuer has none. An empty id matches a single key.

        Raises:
            IssuerUnavailable: the keys cannot be fetched.
        """
        age = time.monotonic() - self._fetched
        if age > KEEP_SECONDS or self._of(kid) is None:
            await self._refresh()
        if time.monotonic() - self._fetched > STALE_SECONDS:
            raise IssuerUnavailable(self.issuer)
        return self._of(kid)

    def _of(self, kid: str) -> jwt.PyJWK | None:
        if not kid and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        if self._fetching is None:
            if time.monotonic() - self._tried < PAUSE_SECONDS:
                return
            self._tried = time.monotonic()
            self._fetching = asyncio.ensure_future(self._load())
            self._fetching.add_done_callback(self._end)
        # All who wait share one fetch, which goes on if one of them leaves.
        await asyncio.shield(self._fetching)

    def _end(self, _task: object) -> None:
        self._fetching = None

    async def _load(self) -> None:
        try:
            found = await self._fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if not isinstance(found, Mapping) or found.get("issuer") != self.issuer:
                raise ValueError("its configuration is that of another issuer")
            address = str(found.get("jwks_uri", ""))
            check_address(address)
            self._keys = _parsed(await self._fetch(address))
        except (OSError, ValueError, ConfigError, asyncio.TimeoutError) as error:
            _log.warning(
                "could not fetch the keys of the issuer %s: %s", self.issuer, error or repr(error)
            )
        else:
            self._fetched = time.monotonic()


def check_address(url: str) -> None:
    """Raises ``ConfigError`` unless a URL is protected against changes on the way."""
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or (parts.scheme != "https" and not is_local):
        raise ConfigError(f"{url!r} must be an https URL (http only for this machine)")


def _parsed(document: Any) -> dict[str, jwt.PyJWK]:
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise ValueError("there is no list of keys at its jwks_uri")
    found = {}
    for number, each in enumerate(listed[:MAX_KEYS]):
        if not isinstance(each, Mapping) or each.get("use", "sig") != "sig":
            continue
        if each.get("kty") == "oct":
            continue  # A shared secret: nobody who checks tokens may have it.
        try:
            key = jwt.PyJWK(dict(each))
        except (jwt.PyJWTError, ValueError, TypeError):
            continue  # A kind that this library does not know.
        found[key.key_id or f" {number}"] = key
    if not found:
        raise ValueError("there is no usable key at its jwks_uri")
    return found
