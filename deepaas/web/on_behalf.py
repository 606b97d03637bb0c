"""For whom the try-me page asks this host: a signed header that only the host can make.

The host adds it to each request that it forwards to the page, in place of the credentials, which
the page never sees. The page sends it back with its calls for this visitor. So it can never do
more than they may.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from aiohttp import web
from multidict import istr

from deepaas.access.principal import Principal
from deepaas.access.tokens import Signer
from deepaas.errors import Unauthenticated
from deepaas.web.access import principal_of
from deepaas.web.forwarded import client_address
from deepaas.web.site_pages import LOGGED_IN

HEADER = istr("X-DEEPaaS-On-Behalf")

SECONDS = 15 * 60.0
"""For a call that begins later, the visitor must do something on the page again."""


class OnBehalfOf(NamedTuple):
    """``principal`` is None if the host has no keys."""

    principal: Principal | None
    address: str
    is_logged_in: bool = False


class OnBehalf:
    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, "on behalf")

    def headers(self, request: web.Request) -> dict[str, str]:
        """Return the header for whoever sends a request."""
        who = OnBehalfOf(principal_of(request), client_address(request), LOGGED_IN in request)
        return {HEADER: self._signer.sign(msgspec.to_builtins(who), SECONDS)}

    def visitor(self, request: web.Request) -> OnBehalfOf | None:
        """Return for whom a request is; None for nobody else.

        Raises:
            Unauthenticated: the header was not made by this host, or is too old.
        """
        given = request.headers.get(HEADER)
        if given is None:
            return None
        content = self._signer.read(given)
        if content is None:
            raise Unauthenticated.unknown()
        return msgspec.convert(content, OnBehalfOf)

    def authenticate(self, request: web.Request, token: str) -> Principal | None:
        """See :class:`deepaas.web.access.Authenticator`."""
        found = None if token else self.visitor(request)
        return None if found is None else found.principal
