"""What the host tells of all its doors: the start page, and what documents and pages have of each.

A door that fails to tell is left out, and the log says why.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from aiohttp import web

import deepaas
from deepaas.doors import OpenDoor
from deepaas.errors import DeepaasError
from deepaas.model.handle import Model
from deepaas.protocols import Door, Link, Snippet, routes
from deepaas.web.errors import json_response
from deepaas.web.forwarded import public_host, public_scheme
from deepaas.web.landing import PAGE_HEADERS, LandingModel, landing_page

_log = logging.getLogger(__name__)

METADATA_SECONDS = 1.0
"""How long the start page waits for what authors tell of their models."""

URL = "http://HOST"
"""Stands in ``/doors.json`` for the host's URL with its base path: whoever reads it knows that."""

T = TypeVar("T")


class Front:
    """Tells of the doors.

    Attributes:
        doors: which, in the order in which they are told of; they may come later.

    Args:
        prefix: the base path.
        models: those that are served.
        docs: whether the Swagger page is.
        tensorboard: whether TensorBoard is.
        try_me: whether the try-me page is.
    """

    def __init__(
        self, prefix: str, models: Iterable[Model], *, docs: bool, tensorboard: bool, try_me: bool
    ) -> None:
        self.doors: Sequence[OpenDoor] = ()
        self._prefix = prefix
        self._models = models
        self._docs = docs
        self._tensorboard = tensorboard
        self._try_me = try_me

    def routes(self) -> list[web.RouteDef]:
        """The documents."""
        table = [("GET", "/openapi.json", self._openapi), ("GET", "/doors.json", self._doors)]
        return routes(self._prefix, table)

    @property
    def document(self) -> str:
        """What the Swagger page shows: DEEPaaS's own, or that of all if there are others."""
        others = [one for one in self.doors if one.door.openapi and not one.door.is_first]
        return "/openapi.json" if others else "/swagger.json"

    def pages(self) -> list[Link]:
        """Where the doors have something for the host as a whole."""
        return [page for one in self.doors for page in one.door.pages]

    async def home(self, request: web.Request) -> web.Response:
        """The start page, as things are right now."""
        origin = f"{public_scheme(request)}://{public_host(request)}"
        page = landing_page(
            title="DEEPaaS",
            version=deepaas.__version__,
            prefix=self._prefix,
            models=await asyncio.gather(*(self._card(model, origin) for model in self._models)),
            docs=self._docs,
            tensorboard=self._tensorboard,
            try_me=self._try_me,
            pages=[(page.label, page.path) for page in self.pages()],
            origin=origin,
        )
        return web.Response(text=page, content_type="text/html", headers=PAGE_HEADERS)

    async def _card(self, model: Model, origin: str) -> LandingModel:
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
            and (known.predict is not None or known.train is not None),
            pages=[(it.label, it.path) for one in self.doors for it in _links(one, model)],
            examples=[
                (it.title, it.text)
                for one in self.doors
                for it in _snippets(one, model, f"{origin}{self._prefix}")
            ],
            links=[("Project", url)] if isinstance(url, str) else (),
        )

    async def _doors(self, _request: web.Request) -> web.Response:
        return json_response({"doors": [self._told(one) for one in self.doors]})

    def _told(self, one: OpenDoor) -> dict[str, Any]:
        return {
            "name": one.name,
            "title": one.door.title or one.name,
            "pages": [_as_json(page) for page in one.door.pages],
            "models": {
                model.name: {
                    "links": [_as_json(link) for link in _links(one, model)],
                    "snippets": [
                        {"title": it.title, "text": it.text} for it in _snippets(one, model, URL)
                    ],
                }
                for model in self._models
            },
        }

    async def _openapi(self, _request: web.Request) -> web.Response:
        document: dict[str, Any] = {}
        async for part in self._parts():
            if not document:
                document = {**part}
                continue
            # Of one name the first counts; tags and schemas of doors have names of their own.
            document["paths"] = {**part.get("paths", {}), **document.get("paths", {})}
            components = {**document.get("components", {})}
            for kind, ours in part.get("components", {}).items():
                components[kind] = {**ours, **components.get(kind, {})}
            document["components"] = components
        return json_response(document)

    async def _parts(self) -> AsyncIterator[Mapping[str, Any]]:
        for one in self.doors:
            if one.door.openapi is not None:
                try:
                    yield await one.door.openapi()
                except Exception:
                    _log.exception("the door %r is left out of /openapi.json", one.name)


def in_order(opened: Iterable[OpenDoor]) -> list[OpenDoor]:
    """Doors in the order in which they are told of."""
    return sorted(opened, key=lambda one: (not one.door.is_first, one.name))


def _links(one: OpenDoor, model: Model) -> list[Link]:
    return _had(one, lambda door: door.links(model))


def _snippets(one: OpenDoor, model: Model, url: str) -> list[Snippet]:
    return _had(one, lambda door: door.snippets(model, url))


def _had(one: OpenDoor, ask: Callable[[Door], Sequence[T]]) -> list[T]:
    try:
        return list(ask(one.door))
    except Exception:
        _log.exception("the door %r does not tell what it has of a model", one.name)
        return []


def _as_json(link: Link) -> dict[str, str]:
    return {"label": link.label, "path": link.path}


def _text(metadata: dict[str, Any], key: str) -> str | None:
    value = metadata.get(key)
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return str(value) if value else None
