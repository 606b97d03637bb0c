"""Counts all requests, for metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from aiohttp import hdrs, web

from deepaas.metrics.distribution import Distribution
from deepaas.metrics.families import Family, Kind
from deepaas.web.access import PRINCIPAL
from deepaas.web.errors import PROBLEM
from deepaas.web.facts import RequestFacts
from deepaas.web.observers import CLIENT_LEFT, TRACE_ID
from deepaas.web.request_state import kept

OTHER = "other"
"""In place of methods that do not exist, and of names beyond the limit."""

METHODS = frozenset(
    (
        *(hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_POST, hdrs.METH_PUT),
        *(hdrs.METH_PATCH, hdrs.METH_DELETE, hdrs.METH_OPTIONS),
    )
)

KEYS_COUNT = 100
"""How many keys have their own numbers: of an OpenID Connect issuer, each user is one."""


class _OfRoute:
    """What is counted of requests with the same facts."""

    __slots__ = ("counts", "durations", "errors")

    def __init__(self) -> None:
        self.counts: dict[tuple[str, int, str], int] = {}
        self.durations = Distribution()
        self.errors: Counter[str] = Counter()


class RequestCounts:
    """An observer (:mod:`deepaas.web.observers`).

    ``has_keys`` and ``has_traces``: whether requests can have a principal, and the id of a trace;
    otherwise nothing looks for them.
    """

    def __init__(self, *, has_keys: bool = False, has_traces: bool = False) -> None:
        self._has_keys = has_keys
        self._has_traces = has_traces
        self._of_routes: dict[RequestFacts, _OfRoute] = {}
        self._keys: set[str] = {""}

    def ended(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse | None,
        seconds: float,
        facts: RequestFacts,
    ) -> None:
        found = self._of_routes.get(facts)
        if found is None:
            found = self._of_routes[facts] = _OfRoute()
        method = request.method
        name = self._key(request) if self._has_keys else ""
        status = CLIENT_LEFT if response is None else response.status
        key = (method if method in METHODS else OTHER, status, name)
        counts = found.counts
        counts[key] = counts.get(key, 0) + 1
        if self._has_traces and (trace_id := kept(request, TRACE_ID)):
            found.durations.add_traced(seconds, trace_id)
        else:
            found.durations.add(seconds)
        if status >= 400 and (problem := kept(request, PROBLEM)) is not None:
            found.errors[problem.error or "internal"] += 1

    def families(self) -> Iterator[Family]:
        requests = Family(
            "deepaas_requests",
            Kind.COUNTER,
            "Requests by the status of their response; 499 if the client left before it.",
            ("door", "route", "model", "method", "code", "key"),
        )
        for facts, found in self._of_routes.items():
            for (method, status, name), count in found.counts.items():
                requests.add(count, *facts, method, str(status), name)
        yield requests
        durations = Family(
            "deepaas_request_duration_seconds",
            Kind.HISTOGRAM,
            "Time from the head of a request to the end of its response.",
            ("door", "route", "model"),
        )
        for facts, found in self._of_routes.items():
            durations.add(found.durations, *facts)
        yield durations
        errors = Family(
            "deepaas_errors",
            Kind.COUNTER,
            "Error responses by the code of their error, such as queue_full.",
            ("door", "route", "model", "error"),
        )
        for facts, found in self._of_routes.items():
            for error, count in found.errors.items():
                errors.add(count, *facts, error)
        yield errors

    def _key(self, request: web.BaseRequest) -> str:
        principal = kept(request, PRINCIPAL)
        name = "" if principal is None else principal.name
        if name in self._keys:
            return name
        if len(self._keys) > KEYS_COUNT:
            return OTHER
        self._keys.add(name)
        return str(name)
