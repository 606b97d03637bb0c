"""One package per HTTP dialect, which is called a door.

A door is a function ``setup(host)`` behind an entry point of the group ``deepaas.protocol``. When
the host starts, it gives back a :class:`Door`: routes that translate between its dialect and
:class:`deepaas.model.handle.HostedModel`, and how errors look below its paths. Handlers raise the
errors of :mod:`deepaas.errors`. Doors do not import each other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from deepaas.logs import RecentLog
from deepaas.masks import Masks
from deepaas.model.handle import HostedModel
from deepaas.model.registry import Registry
from deepaas.settings import Settings
from deepaas.training.service import Trainings
from deepaas.web.errors import Shape, as_failure
from deepaas.web.health import Drain
from deepaas.web.uploads import Uploads


@dataclass(frozen=True)
class Host:
    """What a door is given.

    Attributes:
        prefix: the base path before every route, empty or like ``/base``.
        recent_log: the end of the log, if everyone may see it.
        home: answers with the start page, for whoever has the root.
        masks: takes the host's own paths out of texts.
        drain: the host's end. A request that makes many calls looks at ``began`` between them;
            work that no request waits for is done within ``counting()``.
        options: those of the door itself, an instance of what it has declared behind its entry
            point of the group ``deepaas.protocol.options``; None if it has declared none.
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
    """Something that a door has: a label for people, and the whole path, base path included."""

    label: str
    path: str


@dataclass(frozen=True)
class Snippet:
    """A call of a model, for people to copy: :func:`deepaas.curl.curl` writes one."""

    title: str
    text: str


def no_links(_model: HostedModel) -> Sequence[Link]:
    return ()


def no_snippets(_model: HostedModel, _url: str) -> Sequence[Snippet]:
    return ()


@dataclass(frozen=True)
class Door:
    """What one HTTP dialect adds to the host.

    Attributes:
        routes: in the order in which they are compared with a request.
        root_routes: makes the same for the root, for ``--root-protocol``; None for a door that
            has none. It raises ``ConfigError`` where the models that are served do not allow it.
        paths: below these, errors of the router have the door's shape, too.
        stays_because: where a client is told why no model can be served, so that the host stays
            although none can, if the door is at the root; empty if it does not.
        pages: what it has for the host as a whole, for the start page and the terminal.
        links: what it has of a model, for the start page.
        snippets: calls of a model, given the URL of the host (with the base path), for the start
            page and "Use via API".
        openapi: its part of ``/openapi.json``, OpenAPI 3.0: ``paths``, base path included, and
            ``components``; names of schemas, tags and operations begin with the door's.
        is_first: whether it is told of before the others.
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
    openapi: Callable[[], Awaitable[Mapping[str, Any]]] | None = None
    is_first: bool = False


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(below: str, table: Iterable[tuple[str, str, Handler]]) -> list[web.RouteDef]:
    """Routes below a path without a slash at its end; to GET, aiohttp adds HEAD."""
    return [web.route(method, below + path, handler) for method, path, handler in table]
