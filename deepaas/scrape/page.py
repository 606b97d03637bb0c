"""``/metrics``, and who may read it.

On the host's own address: programs on this machine, and keys with the right ``metrics``. On an
address of its own: whoever reaches it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from multidict import istr

from deepaas.access.needs import open_to_all
from deepaas.access.principal import NOBODY, Right
from deepaas.errors import MetricsNotOpen, NotPermitted, Unauthenticated
from deepaas.metrics.exposition import wanted_format
from deepaas.origins import is_local_host
from deepaas.scrape.collector import MetricsCollector
from deepaas.web.access import principal_of
from deepaas.web.forwarded import is_forwarded

PATH = "/metrics"

SITE = istr("Sec-Fetch-Site")

_OF_PROXIES = frozenset(("via",))

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def for_this_machine(collector: MetricsCollector) -> Handler:
    @open_to_all  # It checks by itself: programs on this machine need no key.
    async def metrics(request: web.Request) -> web.StreamResponse:
        if not is_of_this_machine(request):
            _check_key(request)
        return await _answer(collector, request)

    return metrics


def for_all(collector: MetricsCollector) -> Handler:
    async def metrics(request: web.Request) -> web.StreamResponse:
        return await _answer(collector, request)

    return metrics


def is_of_this_machine(request: web.Request) -> bool:
    """Whether a program on this machine has sent it: no proxy for others, and no web page."""
    headers = request.headers
    return (
        _is_loopback(request.remote)
        # A proxy that does not say for whom it asks at least has a name for this host.
        and all(is_local_host(host) for host in headers.getall(hdrs.HOST, ()))
        and request.raw_path.startswith("/")
        and not any(is_forwarded(name) or name in _OF_PROXIES for name in map(str.lower, headers))
        and hdrs.ORIGIN not in headers
        and headers.get(SITE, "none") == "none"
    )


def _is_loopback(address: str | None) -> bool:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False  # A Unix socket: usually that of a proxy.
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def _check_key(request: web.Request) -> None:
    principal = principal_of(request)
    if principal is None:
        raise MetricsNotOpen
    if principal is NOBODY:
        raise Unauthenticated
    if not principal.may_all(Right.METRICS):
        raise NotPermitted(principal.name, Right.METRICS.value, is_partial=True)


async def _answer(collector: MetricsCollector, request: web.Request) -> web.StreamResponse:
    how = wanted_format(",".join(request.headers.getall(hdrs.ACCEPT, ())))
    return web.Response(
        body=await collector.text(how),
        headers={hdrs.CONTENT_TYPE: how.media_type, hdrs.CACHE_CONTROL: "no-store"},
    )
