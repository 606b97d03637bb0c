"""Checks who sends a request, and whether they may: each route needs a right, or is open.

Without a right for a model, the answer is 403, whether this host serves the model or not: so nobody
learns which models there are. Without a valid key, it is 401 for all paths, served or not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from multidict import istr

from deepaas.access.needs import OPEN, Need, Reach, need_of
from deepaas.access.principal import NOBODY, PUBLIC, Principal, Right
from deepaas.browsers import wants_page
from deepaas.errors import DeepaasError, MalformedRequest, NotPermitted, Unauthenticated
from deepaas.web.errors import challenge
from deepaas.web.facts import FACTS
from deepaas.web.notice import error_page
from deepaas.web.request_state import keep, kept

PRINCIPAL = "deepaas_principal"
"""Key of a request."""

API_KEY = istr("X-API-Key")

_READING = (hdrs.METH_GET, hdrs.METH_HEAD)

_ANY_KEY = Need(None)

ToLogin = Callable[[web.Request, Unauthenticated], web.StreamResponse]

Identity = Principal | None


class Authenticator(Protocol):
    """One way to prove who one is."""

    def authenticate(self, request: web.Request, token: str) -> Identity | Awaitable[Identity]:
        """Return who sends a request; None if it contains nothing for this way.

        The result is awaited only if somebody must be asked, because each request comes here.

        Args:
            token: of ``Authorization: Bearer`` or ``X-API-Key``; empty if there is none. A cookie
                must not be used if there is one.

        Raises:
            Unauthenticated: its credential is wrong or has expired.
        """


def principal_of(request: web.Request) -> Principal | None:
    """Who sends a request; None if this host accepts everybody, since it has no keys."""
    found: Principal | None = kept(request, PRINCIPAL)
    return found


class _NamedModel(Protocol):
    @property
    def name(self) -> str: ...


Model = TypeVar("Model", bound=_NamedModel)


def readable(request: web.Request, models: Iterable[Model]) -> list[Model]:
    """The models that the sender of a request may know of."""
    principal = principal_of(request)
    if principal is None:
        return list(models)
    return [model for model in models if principal.may(Right.READ, model.name)]


def token_of(request: web.Request) -> str:
    """The key or token in the headers of a request, or an empty text.

    Raises:
        MalformedRequest: it contains two different ones.
    """
    headers = request.headers
    lines = headers.getall(hdrs.AUTHORIZATION, ())
    if len(lines) == 1 and API_KEY not in headers:  # Nearly all requests.
        return _bearer(lines[0])
    given = [_bearer(one) for one in lines]
    given += [one.strip() for one in headers.getall(API_KEY, ())]
    found = {*given} - {""}
    if len(found) > 1:
        raise MalformedRequest("the request contains several keys, and they are not the same")
    return found.pop() if found else ""


def _bearer(line: str) -> str:
    scheme, _, value = line.partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def check_access(
    authenticators: Sequence[Authenticator],
    *,
    public_docs: bool = False,
    to_login: ToLogin | None = None,
) -> Middleware:
    """Ask the authenticators in order; browsers without a key are led to the login page."""
    needed: dict[web.AbstractRoute, Need] = {}
    first, *others = authenticators

    def need(request: web.Request) -> Need:
        route = request.match_info.route
        if request.match_info.http_exception is not None:
            # Only a key: without one, nobody learns which paths and methods there are.
            return _ANY_KEY
        if not needed:
            routes = request.app.router.routes()
            needed.update((one, need_of(one.method, one.handler)) for one in routes)
        return needed.get(route) or need_of(request.method, route.handler)

    @web.middleware
    def check(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        wanted = needed.get(request.match_info.route) or need(request)
        if public_docs and wanted.document:
            keep(request, PRINCIPAL, PUBLIC)
            return handler(request)
        try:
            token = token_of(request)
            found = first.authenticate(request, token)
            if found is None:
                found = _first(request, token, iter(others))
            if not isinstance(found, Principal):
                return later(request, handler, wanted, found, token)
            _admit(request, found, wanted)
        except DeepaasError as error:
            return refused(request, handler, wanted, error)
        return handler(request)  # Nearly all requests, so there is no extra coroutine for them.

    async def later(
        request: web.Request,
        handler: Handler,
        wanted: Need,
        asked: Awaitable[Identity] | None,
        token: str,
    ) -> web.StreamResponse:
        try:
            found = None if asked is None else await asked
            if found is None:
                raise Unauthenticated.unknown() if token else Unauthenticated()
            _admit(request, found, wanted)
        except DeepaasError as error:
            return await refused(request, handler, wanted, error)
        return await handler(request)

    async def refused(
        request: web.Request, handler: Handler, wanted: Need, error: DeepaasError
    ) -> web.StreamResponse:
        if wanted is OPEN:
            keep(request, PRINCIPAL, NOBODY)
            return await handler(request)
        accepts = request.headers.get(hdrs.ACCEPT, "")
        if request.method not in _READING or not wants_page(accepts):
            raise error
        if to_login is not None and isinstance(error, Unauthenticated):
            return to_login(request, error)
        page = error_page(request, "This page", error)
        page.headers.update(challenge(error))
        return page

    return check


def _admit(request: web.Request, principal: Principal, wanted: Need) -> None:
    keep(request, PRINCIPAL, principal)
    right = wanted.right
    if right is None:
        return
    if right not in principal.rights:
        raise NotPermitted(principal.name, right.value)
    if principal.models is None or (wanted.reach is Reach.SEEN and principal.models):
        return
    named = request.app[FACTS].named(request) if wanted.reach is Reach.NAMED else ""
    if named not in principal.models:
        raise NotPermitted(principal.name, right.value, named, is_partial=True)


def _first(
    request: web.Request, token: str, among: Iterator[Authenticator]
) -> Identity | Awaitable[Identity]:
    for one in among:
        found = one.authenticate(request, token)
        if isinstance(found, Principal):
            return found
        if found is not None:
            return _asked(found, request, token, among)
    return None


async def _asked(
    asked: Awaitable[Identity], request: web.Request, token: str, among: Iterator[Authenticator]
) -> Identity:
    if (found := await asked) is not None:
        return found
    rest = _first(request, token, among)
    return rest if rest is None or isinstance(rest, Principal) else await rest
