"""Rejects requests from web pages of other origins, and those with an unknown host name."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from multidict import istr

from deepaas.browsers import wants_page
from deepaas.errors import DeepaasError, ForeignOrigin, UnknownHost
from deepaas.origins import Asked, Visitors
from deepaas.web.addresses import ListenAddress
from deepaas.web.doors_here import address_of
from deepaas.web.errors import respond_to_error
from deepaas.web.forwarded import forwarded_host
from deepaas.web.notice import error_page

SITE = istr("Sec-Fetch-Site")


def check_visitors(by_address: Mapping[ListenAddress, Visitors]) -> Middleware:
    """Each listener has its own visitors, or all have the same."""
    first, *others = dict.fromkeys(by_address.values())
    if not others:
        return _check(first)
    usual = _check(first)
    checks = {address: _check(visitors) for address, visitors in by_address.items()}

    @web.middleware
    def check(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        at = address_of(request)
        return (usual if at is None else checks.get(at, usual))(request, handler)

    return check


def _check(visitors: Visitors) -> Middleware:
    @web.middleware
    def check(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        headers = request.headers
        host = headers.get(hdrs.HOST)
        if (
            hdrs.ORIGIN in headers
            or SITE in headers
            or (host is not None and not visitors.knows(host))
            or not request.raw_path.startswith("/")  # An absolute target contains a host name.
        ):
            return _checked(visitors, request, handler)
        return handler(request)  # Nearly all requests, so there is no extra coroutine for them.

    return check


async def _checked(
    visitors: Visitors, request: web.Request, handler: Handler
) -> web.StreamResponse:
    asked = _asked(request)
    if message := visitors.unknown_host(asked):
        return _refuse(request, UnknownHost(message))
    if message := visitors.foreign_origin(asked):
        return _refuse(request, ForeignOrigin(message))
    headers = request.headers
    is_preflight = (
        request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in headers
    )
    if is_preflight and asked.origin is not None and visitors.allows(asked.origin):
        wanted = headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS)
        private = headers.get("Access-Control-Request-Private-Network") == "true"
        return web.Response(status=204, headers=visitors.preflight(wanted, private=private))
    return await handler(request)


def _asked(request: web.Request) -> Asked:
    headers = request.headers
    # If the target is absolute, its host name and the header must both be allowed.
    hosts = headers.getall(hdrs.HOST, [])
    if hosts and not hosts[0].startswith(request.host):
        hosts.append(request.host)
    local = request.transport.get_extra_info("sockname") if request.transport else None
    return Asked(
        method=request.method,
        hosts=tuple(hosts),
        local=str(local[0]) if isinstance(local, tuple) else "",
        public=forwarded_host(request),
        origin=headers.get(hdrs.ORIGIN),
        site=headers.get(SITE),
        mode=headers.get("Sec-Fetch-Mode"),
        destination=headers.get("Sec-Fetch-Dest"),
    )


def _refuse(request: web.Request, error: DeepaasError) -> web.StreamResponse:
    if request.method == hdrs.METH_GET and wants_page(request.headers.get(hdrs.ACCEPT, "")):
        return error_page(request, "This page", error)
    return respond_to_error(request, error)
