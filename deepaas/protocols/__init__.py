"""One package per HTTP dialect, which is called a door.

A door is a function ``setup(host)`` behind an entry point of the group ``deepaas.protocol``. When
the host starts, it gives back a :class:`Door`: routes that translate between its dialect and
:class:`deepaas.model.handle.Model`, and how errors look below its paths. Handlers raise the
errors of :mod:`deepaas.errors`. Doors do not import each other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from deepaas.logs import RecentLog
from deepaas.masks import Masks
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
        registry: the models.
        uploads: reads requests.
        settings: the operator's options.
        recent_log: the end of the log, if everyone may see it.
        trainings: the trainings.
        try_me: whether the try-me page is served.
        masks: takes the host's own paths out of texts.
        drain: waits for work that nobody waits for.
        options: those of the door itself, an instance of what it has declared behind its entry
            point of the group ``deepaas.protocol.options``; None if it has declared none.
    """

    prefix: str
    registry: Registry
    uploads: Uploads
    settings: Settings
    recent_log: RecentLog | None
    trainings: Trainings
    try_me: bool
    masks: Masks
    drain: Drain
    options: Any = None


Step = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Door:
    """What one HTTP dialect adds to the host.

    Attributes:
        routes: in the order in which they are compared with a request.
        root_routes: makes the same for the root, for ``--root-protocol``; None for a door that
            has none. It raises ``ConfigError`` where the models that are served do not allow it.
        paths: below these, errors of the router have the door's shape, too.
        shape: writes errors.
        start: called when the host begins to listen.
        close: called when it leaves.
        stays_because: where a client is told why no model can be served, so that the host stays
            although none can, if the door is at the root; empty if it does not.
    """

    routes: Sequence[web.RouteDef]
    root_routes: Callable[[], Sequence[web.RouteDef]] | None = None
    paths: Sequence[str] = ()
    shape: Shape = as_failure
    start: Step = _nothing
    close: Step = _nothing
    stays_because: str = ""


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(below: str, table: Iterable[tuple[str, str, Handler]]) -> list[web.RouteDef]:
    """Routes; what is answered to GET is to HEAD, too: aiohttp adds that.

    Args:
        below: the path before each, without a slash at its end.
        table: method, path and handler of each.
    """
    return [web.route(method, below + path, handler) for method, path, handler in table]
