"""Headers of a request that go along with all that the host sends on its behalf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from deepaas.trace_context import TRACEPARENT, TRACESTATE, trace_state
from deepaas.web.request_details import TRACE, parent_of
from deepaas.web.request_id import REQUEST_ID, request_id
from deepaas.web.request_state import kept

if TYPE_CHECKING:
    from deepaas.tracing.spans import Trace


def passed_on(request: web.Request) -> dict[str, str]:
    """Its id, and its trace if it has one."""
    return {str(REQUEST_ID): request_id(request), **trace_headers(request)}


def trace_headers(request: web.Request) -> dict[str, str]:
    """Its trace, or that of its caller if this host records none; empty without either."""
    trace: Trace | None = kept(request, TRACE)
    if trace is not None:
        return trace.headers
    parent = parent_of(request)
    if parent is None:
        return {}
    headers = {str(TRACEPARENT): str(parent)}
    if state := trace_state(request.headers.getall(TRACESTATE, ())):
        headers[str(TRACESTATE)] = state
    return headers
