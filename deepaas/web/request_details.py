"""What lines of the log tell about the request that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from deepaas.access.principal import Principal
from deepaas.request_context import RequestDetails
from deepaas.trace_context import TRACEPARENT, TraceParent, trace_parent
from deepaas.web.access import PRINCIPAL
from deepaas.web.facts import FactFinder
from deepaas.web.request_id import Details, request_id
from deepaas.web.request_state import kept

if TYPE_CHECKING:
    from deepaas.tracing.spans import Trace

TRACE = "deepaas_trace"
"""Key of a request for its trace, if it is sampled."""


def parent_of(request: web.BaseRequest) -> TraceParent | None:
    """The caller's span."""
    headers = request.headers  # A plain dict if it is not valid HTTP.
    return trace_parent(headers.getall(TRACEPARENT)) if TRACEPARENT in headers else None


def trace_id_of(request: web.BaseRequest) -> str:
    """Of its own span or of its caller's; empty without a trace."""
    trace: Trace | None = kept(request, TRACE)
    if trace is not None:
        return trace.me.trace_id
    parent = parent_of(request)
    return "" if parent is None else parent.trace_id


def key_of(request: web.BaseRequest) -> str:
    """The name of the key that it was sent with, or empty."""
    principal: Principal | None = kept(request, PRINCIPAL)
    return "" if principal is None else principal.name


def details_from(facts: FactFinder) -> Details:
    def details(request: web.BaseRequest) -> RequestDetails:
        return RequestDetails(
            request_id(request), trace_id_of(request), facts.of(request).model, key_of(request)
        )

    return details
