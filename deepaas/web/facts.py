"""What a request is about: its door, its route and its model.

For whatever looks at requests of all doors: metrics, logs, traces, limits and access rights. It
contains no text from clients, and can be the label of a metric.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any, NamedTuple, cast

from aiohttp import web

from deepaas.web.request_state import keep, kept

OF_HOST = "host"
"""The door of requests that belong to no door: the start page, health, try-me, TensorBoard."""

ModelOf = Callable[[web.Request], str]


class RequestFacts(NamedTuple):
    """Attributes:
    door: the name of its entry point.
    route: the template of the path, like ``/v2/models/{name}/predict/``; empty if there is none.
    model: the name of a model that is served, or empty.
    """

    door: str
    route: str
    model: str


UNKNOWN = RequestFacts(OF_HOST, "", "")

_FACTS = "deepaas_facts"


def named_in_path(request: web.Request) -> str:
    """The model that the path of most routes names."""
    found = request.match_info
    return found.get("model") or found.get("name", "")


class FactFinder:
    def __init__(self, models: Container[str]) -> None:
        self._models = models
        self._by_handler: dict[Any, tuple[str, ModelOf]] = {}
        self._by_route: dict[web.AbstractRoute, tuple[ModelOf, dict[str, RequestFacts]]] = {}

    def add(self, door: str, model_of: ModelOf, handlers: Iterable[Any]) -> None:
        self._by_handler.update((handler, (door, model_of)) for handler in handlers)

    def named(self, request: web.Request) -> str:
        """The name of the model as the request has it, whether it is served or not."""
        _, model_of = self._by_handler.get(request.match_info.handler, (OF_HOST, named_in_path))
        return model_of(request)

    def of(self, request: web.BaseRequest) -> RequestFacts:
        """Also of a request that was refused before its route was looked for."""
        before: RequestFacts | None = kept(request, _FACTS)
        if before is not None:
            return before
        found = getattr(request, "_match_info", None)
        if found is None:
            return UNKNOWN
        about = self._by_route.get(found.route)
        model_of, known = about or self._about(found.route)
        model = model_of(cast(web.Request, request))
        facts = known.get(model) or self._with(known, model)
        if about is not None:  # A route that exists: it does not become another one.
            keep(request, _FACTS, facts)
        return facts

    def _about(self, route: web.AbstractRoute) -> tuple[ModelOf, dict[str, RequestFacts]]:
        door, model_of = self._by_handler.get(route.handler, (OF_HOST, named_in_path))
        resource = route.resource
        template = resource.canonical if resource is not None else ""
        about = model_of, {"": RequestFacts(door, template, "")}
        if resource is not None:  # Each request without a route has a new one that says so.
            self._by_route[route] = about
        return about

    def _with(self, known: dict[str, RequestFacts], model: str) -> RequestFacts:
        if model not in self._models:
            return known[""]
        known[model] = known[""]._replace(model=model)
        return known[model]


FACTS: web.AppKey[FactFinder] = web.AppKey("deepaas_facts", FactFinder)
