"""Who may use the host: the ways to prove who one is, from the options."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from aiohttp.typedefs import Middleware

from deepaas.access.principal import Principal
from deepaas.errors import ConfigError
from deepaas.settings import Settings
from deepaas.web.access import Authenticator, check_access

if TYPE_CHECKING:
    from deepaas.access.host_keys import HostKeys
    from deepaas.web.login import Login
    from deepaas.web.on_behalf import OnBehalf

_log = logging.getLogger("deepaas")

ANY_AUDIENCE = "*"


class Access(NamedTuple):
    """Attributes:
    check: the middleware; None if everybody may do everything.
    owners: returns who has access now; None for everybody.
    """

    check: Middleware | None
    owners: Callable[[], Sequence[Principal]] | None


def open_access(
    settings: Settings,
    keys: HostKeys | None,
    login: Login | None = None,
    behalf: OnBehalf | None = None,
) -> Access:
    """Raises:
    ConfigError: options do not fit together, or PyJWT is missing.
    """
    ways: list[Authenticator] = []
    granted: list[Principal] = []
    if keys is not None:
        ways.append(keys.ring)
    if settings.oidc_issuer:
        tokens, granted = _oidc(settings)
        ways.append(tokens)
    elif settings.oidc_audience or settings.oidc_grant:
        raise ConfigError("--oidc-audience and --oidc-grant require --oidc-issuer")
    if not ways:
        return Access(None, None)
    ways += [way for way in (behalf, login) if way is not None]
    lead = None if login is None else login.lead

    def owners() -> Sequence[Principal]:
        return [*(() if keys is None else keys.ring.principals()), *granted]

    return Access(check_access(ways, public_docs=settings.public_docs, to_login=lead), owners)


def _oidc(settings: Settings) -> tuple[Authenticator, list[Principal]]:
    if not settings.oidc_audience:
        raise ConfigError(
            "--oidc-issuer requires --oidc-audience: without it, tokens that were made for other "
            "services would be valid here"
        )
    if not settings.oidc_grant:
        raise ConfigError("--oidc-issuer requires --oidc-grant, for example '* read+predict'")
    # Imported late: cryptography takes 20 MB, and a host without tokens does not need it.
    try:
        from deepaas.access.issuer_keys import IssuerKeys, check_address
        from deepaas.access.oidc import OidcTokens
    except ImportError as error:
        if not (error.name or "").startswith(("jwt", "cryptography")):
            raise
        raise ConfigError("--oidc-issuer needs PyJWT: pip install 'deepaas[oidc]'") from None
    from deepaas.access.oidc_grants import parse_grant
    from deepaas.web.json_fetch import JsonFetcher

    try:
        check_address(settings.oidc_issuer)
    except ConfigError as error:
        raise ConfigError(f"--oidc-issuer: {error}") from None
    audiences = settings.oidc_audience
    if ANY_AUDIENCE in audiences:
        _log.warning("tokens for all audiences are accepted (--oidc-audience *)")
        audiences = ()
    granted = [parse_grant(one) for one in settings.oidc_grant]
    keys = IssuerKeys(settings.oidc_issuer, JsonFetcher())
    return OidcTokens(keys, audiences, granted), [one.as_shown for one in granted]
