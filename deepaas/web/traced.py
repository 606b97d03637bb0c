"""Traces of requests: begun with their head, ended with their response.

Names and attributes: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from __future__ import annotations

from aiohttp import hdrs, web

from deepaas.request_context import TraceStart
from deepaas.trace_context import TRACEPARENT, TRACESTATE, trace_state
from deepaas.tracing.spans import AttributeValue, Sampler, Trace
from deepaas.web.access_log import is_quiet, shown_path
from deepaas.web.errors import PROBLEM, Problem
from deepaas.web.facts import RequestFacts
from deepaas.web.forwarded import TrustedProxies
from deepaas.web.observers import CLIENT_LEFT, TRACE_ID, status_of
from deepaas.web.request_details import TRACE, parent_of
from deepaas.web.request_id import Details
from deepaas.web.request_state import keep, kept

OTHER = "_OTHER"

SERVER_ERROR = 500


class TracedRequests:
    """An observer, which also begins the traces."""

    def __init__(self, proxies: TrustedProxies, details: Details, sampler: Sampler) -> None:
        self._proxies = proxies
        self._details = details
        self._sampler = sampler

    def begin(self, request: web.BaseRequest) -> TraceStart | None:
        parent = parent_of(request)
        trace_id = self._sampler.new_trace_id() if parent is None else parent.trace_id
        if not trace_id:
            return None
        state = ""
        if parent is not None and TRACESTATE in request.headers:
            state = trace_state(request.headers.getall(TRACESTATE))
        method = request.method if request.method in hdrs.METH_ALL else OTHER
        known: dict[str, AttributeValue] = {"http.request.method": method}
        trace = self._sampler.begin(trace_id, parent, state, method, known)
        if trace is not None:
            keep(request, TRACE, trace)
            keep(request, TRACE_ID, trace.me.trace_id)
            return TraceStart(trace, trace.headers)
        if parent is None:
            return None
        # Others must not sample their parts of it either.
        return TraceStart(None, {TRACEPARENT: str(parent._replace(is_sampled=False))})

    def ended(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse | None,
        seconds: float,  # noqa: ARG002, spans have times of day
        facts: RequestFacts,
    ) -> None:
        trace: Trace | None = kept(request, TRACE)
        if trace is None:
            return
        if is_quiet(facts.route):
            return
        details = self._details(request)
        status = status_of(response)
        problem: Problem | None = kept(request, PROBLEM)
        method = request.method if request.method in hdrs.METH_ALL else OTHER
        attributes: dict[str, AttributeValue] = {
            "http.request.method": method,
            "url.scheme": request.scheme,
            "url.path": shown_path(request, facts.route),
            "http.route": facts.route,
            "client.address": self._proxies.client(request),
            "network.protocol.version": f"{request.version.major}.{request.version.minor}",
            "http.response.body.size": request.writer.output_size,
            "deepaas.door": facts.door,
            "deepaas.model": facts.model,
            "deepaas.key": details.key,
            "deepaas.request_id": details.request_id,
        }
        if status != CLIENT_LEFT:
            attributes["http.response.status_code"] = status
        if problem is not None:
            attributes["deepaas.error"] = problem.error
            attributes["deepaas.error_id"] = problem.reference
        error = "client_left" if status == CLIENT_LEFT else ""
        if status >= SERVER_ERROR:
            error = (problem.error if problem is not None else "") or str(status)
        name = f"{method} {facts.route}".rstrip()
        trace.end(name, {one: value for one, value in attributes.items() if value != ""}, error)
