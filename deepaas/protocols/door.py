"""The interface of protocols, which are called doors in the code.

A door is a function ``setup(host)``, declared as an entry point in the group ``deepaas.protocol``.
When the host starts, it returns a :class:`Door`: routes that translate between its API and
:class:`deepaas.model.handle.HostedModel`, and the format of errors below its paths. Handlers raise
the errors of :mod:`deepaas.errors`. Doors do not import each other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from deepaas.logs import RecentLog
from deepaas.masks import Masks
from deepaas.metrics.families import Family
from deepaas.model.handle import HostedModel
from deepaas.model.registry import Registry
from deepaas.settings import Settings
from deepaas.training.service import Trainings
from deepaas.web.errors import Shape, as_failure
from deepaas.web.facts import ModelOf, named_in_path
from deepaas.web.health import Drain
from deepaas.web.uploads import Uploads


@dataclass(frozen=True)
class Host:
    """What ``setup`` gets.

    Attributes:
        prefix: the base path before every route, empty or like ``/base``.
        recent_log: the end of the log, if clients may see it.
        home: the handler of the start page, for the door at the root.
        masks: removes the host's own paths from texts.
        drain: the end of the host. Requests that make many calls check ``began`` between them;
            background work runs within ``counting()``.
        options: the door's own options: an instance of the class that its entry point in the
            group ``deepaas.protocol.options`` declares; None without one.
    """

    prefix: str
    registry: Registry
    uploads: Uploads
    settings: Settings
    recent_log: RecentLog | None
    trainings: Trainings
    home: Callable[[web.Request], Awaitable[web.StreamResponse]]
    masks: Masks
    drain: Drain
    options: Any = None


Step = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Link:
    """A page of a door: its label, and its path, including the base path."""

    label: str
    path: str


@dataclass(frozen=True)
class Snippet:
    """An example call of a model to copy: :func:`deepaas.curl.curl` writes one."""

    title: str
    text: str


def no_metrics() -> Sequence[Family]:
    return ()


def no_links(_model: HostedModel) -> Sequence[Link]:
    return ()


def no_snippets(_model: HostedModel, _url: str) -> Sequence[Snippet]:
    return ()


@dataclass(frozen=True)
class Door:
    """What a protocol adds to the host.

    Attributes:
        routes: in the order in which they are matched.
        root_routes: makes the routes at the root, for ``--root-protocol``; None if the door has
            none. Raises ``ConfigError`` if the models do not allow it.
        paths: errors of the router below these have the door's shape.
        stays_because: if the door is at the root and all models failed, the host keeps running
            and logs this, for example "/health-check has the reason"; it exits if this is empty.
        pages: pages for the complete host, for the start page and the terminal.
        links: pages for a model, for the start page.
        snippets: example calls of a model, given the URL of the host (with the base path), for
            the start page and "Use via API".
        openapi: its part of ``/openapi.json`` about these models, OpenAPI 3.0: ``paths``, with the
            base path, and ``components``; names of schemas, tags and operations start with the
            door's name.
        is_first: whether it is listed before the others.
        metrics: its own metrics, beside those of all requests and models.
        model_of: the name of the model that a request to one of its routes is about, or empty.
    """

    routes: Sequence[web.RouteDef]
    root_routes: Callable[[], Sequence[web.RouteDef]] | None = None
    paths: Sequence[str] = ()
    shape: Shape = as_failure
    start: Step = _nothing
    close: Step = _nothing
    stays_because: str = ""
    title: str = ""
    pages: Sequence[Link] = ()
    links: Callable[[HostedModel], Sequence[Link]] = no_links
    snippets: Callable[[HostedModel, str], Sequence[Snippet]] = no_snippets
    openapi: Callable[[Sequence[HostedModel]], Awaitable[Mapping[str, Any]]] | None = None
    is_first: bool = False
    metrics: Callable[[], Sequence[Family]] = no_metrics
    model_of: ModelOf = named_in_path


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(below: str, table: Iterable[tuple[str, str, Handler]]) -> list[web.RouteDef]:
    """Routes below a path without a trailing slash; aiohttp adds HEAD to GET."""
    return [web.route(method, below + path, handler) for method, path, handler in table]
