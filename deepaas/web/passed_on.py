"""Headers of a request that go along with all that the host sends on its behalf."""

from __future__ import annotations

from aiohttp import web

from deepaas.web.request_id import REQUEST_ID, request_id

TRACE = ("traceparent", "tracestate")


def passed_on(request: web.Request) -> dict[str, str]:
    """Its id, and what connects its parts in a trace (https://www.w3.org/TR/trace-context/)."""
    told = {name: request.headers.get(name, "") for name in TRACE}
    return {
        str(REQUEST_ID): request_id(request),
        **{name: one for name, one in told.items() if one},
    }
