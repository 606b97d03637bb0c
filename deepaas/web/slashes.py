"""Paths with a slash too few or too many lead to the right ones, as in DEEPaaS 2.x."""

from __future__ import annotations

from collections.abc import Awaitable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_urldispatcher import SystemRoute


def normalize_paths() -> Middleware:
    """aiohttp's own, asked only where no route was found: else it costs each request."""
    redirect = web.normalize_path_middleware()

    @web.middleware
    def look(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        if isinstance(request.match_info.route, SystemRoute):
            return redirect(request, handler)
        return handler(request)

    return look
