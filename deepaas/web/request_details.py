"""What lines of the log tell about the request that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from deepaas.request_context import RequestDetails
from deepaas.trace_context import TRACEPARENT, TraceParent, trace_parent
from deepaas.web.access import principal_of
from deepaas.web.facts import FactFinder
from deepaas.web.request_id import Details, request_id

if TYPE_CHECKING:
    from deepaas.tracing.spans import Trace

TRACE = "deepaas_trace"
"""Key of a request for its trace, if it is sampled."""


def parent_of(request: web.BaseRequest) -> TraceParent | None:
    """The caller's span."""
    headers = request.headers  # A plain dict if it is not valid HTTP.
    return trace_parent(headers.getall(TRACEPARENT)) if TRACEPARENT in headers else None


def details_from(facts: FactFinder) -> Details:
    def details(request: web.BaseRequest) -> RequestDetails:
        trace: Trace | None = request.get(TRACE)
        parent = parent_of(request) if trace is None else trace.me
        principal = principal_of(request) if isinstance(request, web.Request) else None
        return RequestDetails(
            request_id=request_id(request),
            trace_id=parent.trace_id if parent is not None else "",
            model=facts.of(request).model,
            key=principal.name if principal is not None else "",
        )

    return details
