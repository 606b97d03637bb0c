"""Redirects paths with missing or extra slashes, like DEEPaaS 2.x."""

from __future__ import annotations

from collections.abc import Awaitable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


def nothing_at(prefix: str) -> str:
    """What is said of a path that does not exist."""
    return f"nothing is served at this path: see {prefix}/ for what is"


def normalize_paths(prefix: str) -> Middleware:
    """aiohttp's own middleware, called only if no route was found, because it costs time.

    A 404 says where the host's start page is.
    """
    redirect = web.normalize_path_middleware()

    async def find(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await redirect(request, handler)
        except web.HTTPNotFound:
            where = nothing_at(prefix)
            if prefix and not f"{request.path}/".startswith(f"{prefix}/"):
                where = f"nothing is served here: this host is at {prefix}/ (option base-path)"
            raise web.HTTPNotFound(reason=where) from None

    @web.middleware
    def look(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        if request.match_info.http_exception is not None:
            return find(request, handler)
        return handler(request)

    return look
