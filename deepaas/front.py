"""The start page, and ``/doors.json``: the links and examples of all doors.

A door that fails is left out, and the log has the reason.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aiohttp import web

import deepaas
from deepaas.access.needs import Reach, needs
from deepaas.access.principal import Right
from deepaas.access_summary import AccessSummary
from deepaas.doors import OpenDoor
from deepaas.model.about import about
from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Link, routes
from deepaas.resources.gpu_use import summary
from deepaas.settings import Settings
from deepaas.site import SiteLink
from deepaas.web.access import readable
from deepaas.web.doors_here import answers_here
from deepaas.web.errors import json_response
from deepaas.web.forwarded import public_host, public_scheme
from deepaas.web.landing import PAGE_HEADERS, LandingModel, landing_page
from deepaas.web.site_pages import account_of

_log = logging.getLogger(__name__)

URL = "http://HOST"
"""Placeholder in ``/doors.json`` for the URL of the host, with its base path."""

Pair = tuple[str, str]


class Front:
    """Describes the doors, in order; `doors` and `access` may be set later.

    `expect_visitor`: called for each visit to the start page, from which people go to the try-me
    page.
    """

    def __init__(
        self, settings: Settings, models: Iterable[HostedModel], site: Sequence[SiteLink]
    ) -> None:
        self.doors: Sequence[OpenDoor] = ()
        self.expect_visitor: Callable[[], None] | None = None
        self.access: AccessSummary | None = None
        self._settings = settings
        self._prefix = settings.base_path
        self._models = models
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        return routes(self._prefix, [("GET", "/doors.json", self._doors)])

    def pages(self, request: web.Request | None = None) -> list[Link]:
        """Those for a visitor, or all."""
        return [page for one in self._open_to(request) for page in _here(one.door.pages)]

    def _open_to(self, request: web.Request | None) -> Sequence[OpenDoor]:
        """The doors that answer where a request has arrived."""
        if request is None:
            return self.doors
        return [one for one in self.doors if answers_here(request, one.name)]

    async def home(self, request: web.Request) -> web.Response:
        if self.expect_visitor:
            self.expect_visitor()
        models = readable(request, self._models)
        origin = f"{public_scheme(request)}://{public_host(request)}"
        page = landing_page(
            title="DEEPaaS",
            version=deepaas.__version__,
            prefix=self._prefix,
            models=await asyncio.gather(
                *(self._card(model, origin, self._open_to(request)) for model in models)
            ),
            site=self._site,
            pages=[(page.label, page.path) for page in self.pages(request)],
            origin=origin,
            account=account_of(request, f"{self._prefix}/"),
            access=self.access.facts(request) if self.access else (),
        )
        return web.Response(text=page, content_type="text/html", headers=PAGE_HEADERS)

    def example(self, url: str) -> str:
        """A call to copy, of the first model that can be called; ``url`` is the host's own."""
        for model in self._models:
            for one in self.doors:
                for _, text in _snippets(one, model, f"{url}{self._prefix}"):
                    return text
        return ""

    async def _card(
        self, model: HostedModel, origin: str, doors: Sequence[OpenDoor]
    ) -> LandingModel:
        status = model.status()
        known = model.description
        told = await about(model)
        return LandingModel(
            name=model.name,
            title=told.title,
            description=told.description,
            author=told.author,
            license=told.license,
            version=told.version,
            gpus=summary(model.gpus()),
            status=status.status,
            reason=status.reason or None,
            can_be_tried=known is not None
            and (
                (known.predict is not None and self._settings.predict_endpoint)
                or (known.train is not None and self._settings.train_endpoint)
            ),
            pages=[link for one in doors for link in _links(one, model)],
            examples=[
                snippet
                for one in doors
                for snippet in _snippets(one, model, f"{origin}{self._prefix}")
            ],
            links=[("Project", told.url)] if told.url else (),
        )

    @needs(Right.READ, Reach.SEEN)
    async def _doors(self, request: web.Request) -> web.Response:
        # Whoever reads it may know the host by another path.
        pages = [
            {"label": link.label, "url": f"{URL}{link.url.removeprefix(self._prefix)}"}
            for link in self._site
        ]
        models = readable(request, self._models)
        told = [self._told(one, models) for one in self._open_to(request)]
        return json_response({"pages": pages, "doors": told})

    def _told(self, one: OpenDoor, models: Iterable[HostedModel]) -> dict[str, Any]:
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
                for model in models
            },
        }


def in_order(opened: Iterable[OpenDoor]) -> list[OpenDoor]:
    return sorted(opened, key=lambda one: (not one.door.is_first, one.name))


def _links(one: OpenDoor, model: HostedModel) -> list[Pair]:
    return _had(one, lambda: [(it.label, it.path) for it in _here(one.door.links(model))])


def _here(links: Iterable[Link]) -> list[Link]:
    """Those that lead to this host: paths may contain text from a model."""
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
        _log.exception("the door %r failed to list its links or examples of a model", one.name)
        return []
