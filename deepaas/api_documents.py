"""The OpenAPI documents of a host: one for each door, and one for all.

A door that fails is left out, and the log has the reason.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from aiohttp import web

import deepaas
from deepaas.access.needs import Reach, needs
from deepaas.access.principal import Right
from deepaas.doors import OpenDoor, pattern_of, takes
from deepaas.model.about import about
from deepaas.model.handle import HostedModel
from deepaas.protocols.door import routes
from deepaas.web.access import readable
from deepaas.web.doors_here import answers_here
from deepaas.web.errors import json_response
from deepaas.web.swagger_ui import ApiDocument
from deepaas.web.turns import documented, makes_predictions

_log = logging.getLogger(__name__)

Json = Mapping[str, Any]

TITLE = "DEEPaaS"


class ApiDocuments:
    """The documents describe the doors in order."""

    def __init__(
        self, prefix: str, models: Iterable[HostedModel], doors: Sequence[OpenDoor]
    ) -> None:
        self._prefix = prefix
        self._models = models
        self._doors = [one for one in doors if one.door.openapi is not None]
        self._calls = {one.name: _calls(one) for one in self._doors}
        self._clashes: set[tuple[str, str]] = set()

    def routes(self) -> list[web.RouteDef]:
        table = [
            ("GET", "/openapi.json", self._get_all),
            ("GET", "/openapi/{door}.json", self._get_one),
        ]
        return routes(self._prefix, table)

    def list(self) -> list[ApiDocument]:
        """The documents of the single doors, for the Swagger page."""
        return [
            ApiDocument(
                one.name,
                one.door.title or one.name,
                f"{self._prefix}/openapi/{quote(one.name, safe='')}.json",
            )
            for one in self._doors
        ]

    @needs(Right.READ, Reach.SEEN, document=True)
    async def _get_all(self, request: web.Request) -> web.Response:
        models = readable(request, self._models)
        document = await self._frame(TITLE, models)
        for one in self._doors:
            if answers_here(request, one.name):
                self._join(document, one.name, await self._part(one, models) or {})
        return json_response(document)

    @needs(Right.READ, Reach.SEEN, document=True)
    async def _get_one(self, request: web.Request) -> web.Response:
        name = request.match_info["door"]
        models = readable(request, self._models)
        found = next((one for one in self._doors if one.name == name), None)
        if found is None or not answers_here(request, name):
            raise web.HTTPNotFound
        if (part := await self._part(found, models)) is None:
            raise web.HTTPNotFound
        document = await self._frame(found.door.title or name, models)
        self._join(document, name, part)
        return json_response(document)

    async def _frame(self, title: str, models: Sequence[HostedModel]) -> dict[str, Any]:
        """A document without paths; a single model gives it title and description."""
        known = await asyncio.gather(*map(about, models))
        if len(models) == 1:
            title = f"{known[0].title} – {title}"
            description = known[0].description
        else:
            # The description is Markdown; names of models are not.
            description = "\n".join(
                f"* `{model.name}`{f': {one.title}' if one.title != model.name else ''}"
                for model, one in zip(models, known, strict=True)
            )
        info = {
            "title": title,
            "version": deepaas.__version__,
            "description": _without_html(description),
        }
        return {
            "openapi": "3.0.3",
            "info": info,
            "tags": [],
            "paths": {},
            "components": {},
        }

    async def _part(self, one: OpenDoor, models: Sequence[HostedModel]) -> Json | None:
        """What a door tells, and how its calls are told when they get a worker."""
        told = await _part(one, models)
        if told is None:
            return None
        calls = self._calls[one.name]
        paths = {
            path: {
                method: documented(operation)
                if any(method == own and takes(pattern, path) for own, pattern in calls)
                else operation
                for method, operation in item.items()
            }
            for path, item in told.get("paths", {}).items()
        }
        return {**told, "paths": paths}

    def _join(self, document: dict[str, Any], door: str, part: Json) -> None:
        document["tags"] = [*document["tags"], *part.get("tags", [])]
        document["paths"] = self._joined(door, document["paths"], part.get("paths", {}))
        components = document["components"]
        for kind, ours in part.get("components", {}).items():
            components[kind] = self._joined(door, components.get(kind, {}), ours)

    def _joined(self, door: str, others: Json, ours: Json) -> Json:
        """For each name, the first one is used."""
        for name in ours:
            clash = (door, name)
            if name in others and others[name] != ours[name] and clash not in self._clashes:
                self._clashes.add(clash)  # Logged once, not with each request.
                _log.warning(
                    "/openapi.json: leaving out %s of the door %r: another door has this name",
                    name,
                    door,
                )
        return {**others, **{name: one for name, one in ours.items() if name not in others}}


def _calls(one: OpenDoor) -> list[tuple[str, re.Pattern[str]]]:
    """The method and the paths of the routes of a door that make predictions."""
    return [
        (route.method.lower(), pattern_of(route))
        for route in (*one.door.routes, *one.root_routes)
        if isinstance(route, web.RouteDef)
        and makes_predictions(route.method, route.path, route.handler)
    ]


async def _part(one: OpenDoor, models: Sequence[HostedModel]) -> Json | None:
    assert one.door.openapi is not None
    try:
        return await one.door.openapi(models)
    except Exception:
        _log.exception(
            "/openapi.json: leaving out the door %r, which failed to describe itself", one.name
        )
        return None


def _without_html(markdown: str) -> str:
    """Authors' words as Markdown alone: the page would try to show whatever HTML stands in it."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", markdown).replace("![", "[")
