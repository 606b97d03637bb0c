"""``/metrics``, and who may read it.

On the host's own address: programs on this machine, and keys with the right ``metrics``. On an
address of its own: whoever reaches it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from multidict import istr

from deepaas.access.needs import open_to_all
from deepaas.access.principal import NOBODY, Right
from deepaas.errors import MetricsNotOpen, NotPermitted, Unauthenticated
from deepaas.metrics.exposition import wanted_format
from deepaas.scrape.collector import MetricsCollector
from deepaas.web.access import principal_of
from deepaas.web.this_machine import is_of_this_machine

PATH = "/metrics"

SITE = istr("Sec-Fetch-Site")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def for_this_machine(collector: MetricsCollector) -> Handler:
    @open_to_all  # It checks by itself: programs on this machine need no key.
    async def metrics(request: web.Request) -> web.StreamResponse:
        if not _is_program_here(request):
            _check_key(request)
        return await _answer(collector, request)

    return metrics


def for_all(collector: MetricsCollector) -> Handler:
    async def metrics(request: web.Request) -> web.StreamResponse:
        return await _answer(collector, request)

    return metrics


def _is_program_here(request: web.Request) -> bool:
    """No web page either: a browser on this machine may have opened one of anybody."""
    return is_of_this_machine(request) and request.headers.get(SITE, "none") == "none"


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
