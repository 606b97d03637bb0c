"""What the host tells of all its doors: the start page, and what documents and pages have of each.

A door that fails to tell is left out, and the log says why.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any

from aiohttp import web

import deepaas
from deepaas.doors import OpenDoor
from deepaas.errors import DeepaasError
from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Link, routes
from deepaas.settings import Settings
from deepaas.web.errors import json_response
from deepaas.web.forwarded import public_host, public_scheme
from deepaas.web.landing import PAGE_HEADERS, LandingModel, landing_page

_log = logging.getLogger(__name__)

METADATA_SECONDS = 1.0
"""How long the start page waits for what authors tell of their models."""

URL = "http://HOST"
"""Stands in ``/doors.json`` for the host's URL with its base path: whoever reads it knows that."""

Pair = tuple[str, str]


class Front:
    """Tells of the doors, in their order; they may come after it is made."""

    def __init__(
        self, settings: Settings, models: Iterable[HostedModel], *, tensorboard: bool, try_me: bool
    ) -> None:
        self.doors: Sequence[OpenDoor] = ()
        self._settings = settings
        self._prefix = settings.base_path
        self._models = models
        self._tensorboard = tensorboard
        self._try_me = try_me
        self._clashes: set[tuple[str, str]] = set()

    def routes(self) -> list[web.RouteDef]:
        table = [("GET", "/openapi.json", self._openapi), ("GET", "/doors.json", self._doors)]
        return routes(self._prefix, table)

    @property
    def document(self) -> str:
        """What the Swagger page shows: DEEPaaS's own, or that of all if there are others."""
        others = any(one.door.openapi and not one.door.is_first for one in self.doors)
        at_root = {route.path for one in self.doors for route in one.root_routes}
        ours = f"{self._prefix}/openapi.json" not in at_root
        return "/openapi.json" if others and ours else "/swagger.json"

    def pages(self) -> list[Link]:
        return [page for one in self.doors for page in _here(one.door.pages)]

    async def home(self, request: web.Request) -> web.Response:
        origin = f"{public_scheme(request)}://{public_host(request)}"
        page = landing_page(
            title="DEEPaaS",
            version=deepaas.__version__,
            prefix=self._prefix,
            models=await asyncio.gather(*(self._card(model, origin) for model in self._models)),
            docs=self._settings.doc_endpoint,
            tensorboard=self._tensorboard,
            try_me=self._try_me,
            pages=[(page.label, page.path) for page in self.pages()],
            origin=origin,
        )
        return web.Response(text=page, content_type="text/html", headers=PAGE_HEADERS)

    async def _card(self, model: HostedModel, origin: str) -> LandingModel:
        status = model.status()
        known = model.description
        try:
            metadata = await asyncio.wait_for(model.metadata(), METADATA_SECONDS)
        except (asyncio.TimeoutError, DeepaasError):
            metadata = {}
        url = metadata.get("url")
        return LandingModel(
            name=model.name,
            title=_text(metadata, "title") or _text(metadata, "name") or model.name,
            description=_text(metadata, "description") or _text(metadata, "summary"),
            author=_text(metadata, "author"),
            license=_text(metadata, "license"),
            version=_text(metadata, "version"),
            status=status.status,
            reason=status.reason or None,
            can_be_tried=known is not None
            and (
                (known.predict is not None and self._settings.predict_endpoint)
                or (known.train is not None and self._settings.train_endpoint)
            ),
            pages=[link for one in self.doors for link in _links(one, model)],
            examples=[
                snippet
                for one in self.doors
                for snippet in _snippets(one, model, f"{origin}{self._prefix}")
            ],
            links=[("Project", url)] if isinstance(url, str) else (),
        )

    async def _doors(self, _request: web.Request) -> web.Response:
        return json_response({"doors": [self._told(one) for one in self.doors]})

    def _told(self, one: OpenDoor) -> dict[str, Any]:
        return {
            "name": one.name,
            "title": one.door.title or one.name,
            "pages": [{"label": page.label, "path": page.path} for page in _here(one.door.pages)],
            "models": {
                model.name: {
                    "links": [{"label": label, "path": path} for label, path in _links(one, model)],
                    "snippets": [
                        {"title": title, "text": text} for title, text in _snippets(one, model, URL)
                    ],
                }
                for model in self._models
            },
        }

    async def _openapi(self, _request: web.Request) -> web.Response:
        document: dict[str, Any] = {}
        async for name, part in self._parts():
            if not document:
                document = {**part}
                continue
            paths = document.get("paths", {})
            document["paths"] = self._joined(name, paths, part.get("paths", {}))
            components = {**document.get("components", {})}
            for kind, ours in part.get("components", {}).items():
                components[kind] = self._joined(name, components.get(kind, {}), ours)
            document["components"] = components
        return json_response(document)

    def _joined(
        self, door: str, others: Mapping[str, Any], ours: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Of one name the first counts."""
        for name in ours:
            clash = (door, name)
            if name in others and others[name] != ours[name] and clash not in self._clashes:
                self._clashes.add(clash)  # The document is asked for again and again.
                _log.warning(
                    "/openapi.json: %s of the door %r is left out: another door has that name",
                    name,
                    door,
                )
        return {**ours, **others}

    async def _parts(self) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        for one in self.doors:
            if one.door.openapi is not None:
                try:
                    yield one.name, await one.door.openapi()
                except Exception:
                    _log.exception("the door %r is left out of /openapi.json", one.name)


def in_order(opened: Iterable[OpenDoor]) -> list[OpenDoor]:
    return sorted(opened, key=lambda one: (not one.door.is_first, one.name))


def _links(one: OpenDoor, model: HostedModel) -> list[Pair]:
    return _had(one, lambda: [(it.label, it.path) for it in _here(one.door.links(model))])


def _here(links: Iterable[Link]) -> list[Link]:
    """Those that lead to this host: a door may make a path of what a model says."""
    told = [Link(str(link.label), str(link.path)) for link in links]
    return [link for link in told if re.match(r"/(?![/\\])", link.path)]


def _snippets(one: OpenDoor, model: HostedModel, url: str) -> list[Pair]:
    return _had(
        one, lambda: [(str(it.title), str(it.text)) for it in one.door.snippets(model, url)]
    )


def _had(one: OpenDoor, ask: Callable[[], list[Pair]]) -> list[Pair]:
    try:
        return ask()
    except Exception:
        _log.exception("the door %r does not tell what it has of a model", one.name)
        return []


def _text(metadata: dict[str, Any], key: str) -> str | None:
    value = metadata.get(key)
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return str(value) if value else None
