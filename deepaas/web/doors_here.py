"""Which doors answer on the listener where a request has arrived.

A path of another door is not found there, like a path that does not exist.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from deepaas.web.addresses import ListenAddress
from deepaas.web.errors import as_failure, problem_of
from deepaas.web.facts import FACTS
from deepaas.web.health import PATHS
from deepaas.web.slashes import nothing_at


def address_of(request: web.BaseRequest) -> ListenAddress | None:
    """The listener where a request has arrived; None outside of the host's own server."""
    return getattr(request.protocol, "at", None)


def answers_here(request: web.Request, door: str) -> bool:
    address = address_of(request)
    return address is None or address.doors is None or door in address.doors


def only_doors_here(addresses: Iterable[ListenAddress], prefix: str) -> Middleware | None:
    """None if all doors answer everywhere. ``/healthz`` and ``/readyz`` always do."""
    if all(one.doors is None for one in addresses):
        return None
    open_paths = {f"{prefix}{path}" for path in PATHS}

    async def look(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_here(request, open_paths):
            return _not_found(request, prefix)
        try:
            return await handler(request)
        except web.HTTPException as error:
            if not await _leads_here(request, error, open_paths):
                return _not_found(request, prefix)
            raise

    @web.middleware
    def check(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        address = address_of(request)
        if address is None or address.doors is None:
            return handler(request)
        return look(request, handler)

    return check


def _is_here(request: web.Request, open_paths: set[str]) -> bool:
    facts = request.app[FACTS].of(request)
    return not facts.route or facts.route in open_paths or answers_here(request, facts.door)


async def _leads_here(request: web.Request, error: web.HTTPException, open_paths: set[str]) -> bool:
    """Whether a redirect to another spelling of the path, or a 405, is about a door of here."""
    if request.match_info.http_exception is None:
        return True
    if isinstance(error, web.HTTPMove):
        meant = request.clone(rel_url=error.headers[hdrs.LOCATION])
    elif isinstance(error, web.HTTPMethodNotAllowed):
        meant = request.clone(method=next(iter(error.allowed_methods)))
    else:
        return True
    found = await request.app.router.resolve(meant)
    found.add_app(request.app)
    meant._match_info = found
    return _is_here(meant, open_paths)


def _not_found(request: web.Request, prefix: str) -> web.Response:
    return as_failure(problem_of(request, web.HTTPNotFound(reason=nothing_at(prefix))))
