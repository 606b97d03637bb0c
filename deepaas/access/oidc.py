"""Access with the tokens (JWT) of an OpenID Connect issuer."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Sequence
from typing import Any, NoReturn

import jwt

from deepaas.access.issuer_keys import IssuerKeys
from deepaas.access.oidc_grants import Grant, principal_from
from deepaas.access.principal import Principal
from deepaas.errors import NotGranted, Unauthenticated

LEEWAY_SECONDS = 60.0
"""How much the clocks of issuer and host may differ."""

REMEMBERED_SECONDS = 60.0
REMEMBERED_COUNT = 1000

MAX_LENGTH = 16 * 1024

ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
"""By the type of the key. Never "none", and never one with a shared secret."""


class OidcTokens:
    """An :class:`deepaas.web.access.Authenticator`.

    Args:
        audiences: one of them must be in the token; empty to accept tokens for any audience.

    Source: RFC 7519, RFC 8725.
    """

    def __init__(self, keys: IssuerKeys, audiences: Sequence[str], grants: Sequence[Grant]) -> None:
        self._keys = keys
        self._audiences = list(audiences)
        self._grants = grants
        self._remembered: dict[bytes, tuple[float, Principal]] = {}

    def authenticate(
        self, _request: object, token: str
    ) -> Principal | Awaitable[Principal | None] | None:
        if token.count(".") != 2 or len(token) > MAX_LENGTH or not token.isascii():
            return None
        digest = hashlib.sha256(token.encode()).digest()
        known = self._remembered.get(digest)
        if known is not None:
            until, principal = known
            if time.time() < until:
                return principal
            del self._remembered[digest]
        return self._checked(token, digest)

    async def _checked(self, token: str, digest: bytes) -> Principal:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            _refuse("it is not a JWT")
        kid = header.get("kid", "")
        key = await self._keys.find(kid if isinstance(kid, str) else "")
        if key is None:
            _refuse(f"{self._keys.issuer} has not signed it")
        claims = self._claims(token, header, key)
        principal = principal_from(claims, self._grants)
        if principal is None:
            raise NotGranted(self._keys.issuer)
        self._remember(digest, principal, float(claims["exp"]))
        return principal

    def _claims(self, token: str, header: dict[str, Any], key: jwt.PyJWK) -> dict[str, Any]:
        allowed = ALGORITHMS.get(key.key_type or "", ())
        if header.get("alg") not in allowed:
            _refuse(f"it is signed with {str(header.get('alg'))[:16]!r}")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(allowed),
                audience=self._audiences or None,
                issuer=self._keys.issuer,
                leeway=LEEWAY_SECONDS,
                options={
                    "require": ["exp", "iss", "sub"],
                    "verify_aud": bool(self._audiences),
                },
            )
        except jwt.ExpiredSignatureError:
            _refuse("it has expired")
        except jwt.InvalidAudienceError:
            _refuse("it is for another audience")
        except jwt.MissingRequiredClaimError as error:
            _refuse(f"it has no {error.claim!r}")
        except jwt.InvalidIssuerError:
            _refuse("it is from another issuer")
        except jwt.ImmatureSignatureError:
            _refuse("it is not valid yet")
        except (jwt.PyJWTError, ValueError, TypeError):
            _refuse("it is malformed, or its signature is wrong")
        return claims

    def _remember(self, digest: bytes, principal: Principal, expires: float) -> None:
        now = time.time()
        if len(self._remembered) >= REMEMBERED_COUNT:
            self._remembered = {k: v for k, v in self._remembered.items() if now < v[0]}
        if len(self._remembered) >= REMEMBERED_COUNT:
            self._remembered.pop(next(iter(self._remembered)))
        until = min(now + REMEMBERED_SECONDS, expires + LEEWAY_SECONDS)
        self._remembered[digest] = (until, principal)


def _refuse(why: str) -> NoReturn:
    raise Unauthenticated(f"the token is not valid: {why}", was_given=True)
