"""Finds the doors of a host, opens them, and adds them to one application."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint

from aiohttp import hdrs, web

from deepaas import plugins
from deepaas.errors import ConfigError
from deepaas.protocols.door import Door, Host, Link
from deepaas.web.errors import ErrorShapes
from deepaas.web.facts import FactFinder

_log = logging.getLogger(__name__)

GROUP = "deepaas.protocol"
"""Entry points of functions ``setup(host)``, one per HTTP dialect."""


@dataclass(frozen=True)
class OpenDoor:
    """A door that is served; ``root_routes`` is empty if it is not chosen for the root."""

    point: EntryPoint
    door: Door
    root_routes: Sequence[web.RouteDef] = ()

    @property
    def name(self) -> str:
        return self.point.name


@dataclass(frozen=True)
class ClosedDoor:
    point: EntryPoint
    error: Exception


def open_all(host: Host) -> list[OpenDoor]:
    """Open the doors of all installed packages; those that fail are logged.

    Raises:
        ConfigError: an option is invalid, or doors at the root conflict.
    """
    opened: list[OpenDoor] = []
    for one in tried(host):
        if isinstance(one, OpenDoor):
            opened.append(one)
        elif isinstance(one.error, ConfigError):
            raise one.error
        elif isinstance(one.error, NameTaken):
            _log.error(
                "ignoring the door %r of %s: there is already a door with this name",
                *one.error.args,
            )
        else:
            _log.error(
                "the door %r cannot be opened; the other doors are served",
                one.point.name,
                exc_info=one.error,
            )
    for name in host.settings.doors.keys() - plugins.points(GROUP).names:
        _log.error("there are options for the door %r, but no door with this name", name)
    _check_root(host.settings.root_protocol, opened)
    return opened


class NameTaken(ValueError):
    """There is already a door with this name."""


def tried(host: Host) -> Iterator[OpenDoor | ClosedDoor]:
    names: set[str] = set()
    for point in plugins.in_order(GROUP):
        if point.name in names:
            yield ClosedDoor(point, NameTaken(point.name, point.value))
            continue
        one = _tried(point, host)
        if isinstance(one, OpenDoor):
            names.add(point.name)
        yield one


def _tried(point: EntryPoint, host: Host) -> OpenDoor | ClosedDoor:
    try:
        options = host.settings.doors.get(point.name)
        if isinstance(options, Exception):
            raise ValueError(f"its options cannot be loaded: {options}") from options
        door = point.load()(replace(host, options=options))
        if not isinstance(door, Door):
            raise TypeError(f"{point.value} must return a deepaas.protocols.Door")
        wanted = point.name in host.settings.root_protocol
        at_root = door.root_routes() if wanted and door.root_routes else ()
        # Tried on another router first: some routes are rejected.
        web.UrlDispatcher().add_routes([*at_root, *door.routes])
        if not all(isinstance(page, Link) for page in door.pages):
            raise TypeError(f"{point.value}: the pages of its door must be links")
    except Exception as error:
        return ClosedDoor(point, error)
    return OpenDoor(point, door, at_root)


def add(
    app: web.Application, doors: Sequence[OpenDoor], shapes: ErrorShapes, facts: FactFinder
) -> None:
    # The first matching route is used, so the door that the operator wants at the root comes first.
    app.add_routes([route for one in doors for route in one.root_routes])
    for one in doors:
        app.add_routes(one.door.routes)
        handlers = [route.handler for route in (*one.door.routes, *one.root_routes)]
        shapes.add(one.door.shape, one.door.paths, handlers)
        facts.add(one.name, one.door.model_of, handlers)

    async def start(_app: web.Application) -> None:
        for one in doors:
            await _done(one, "started", one.door.start)

    async def close(_app: web.Application) -> None:
        for one in doors:
            await _done(one, "closed", one.door.close)

    app.on_startup.append(start)
    app.on_shutdown.append(close)


async def _done(one: OpenDoor, what: str, step: Callable[[], Awaitable[None]]) -> None:
    try:
        await step()
    except Exception:
        _log.exception("the door %r cannot be %s", one.name, what)


def why_to_stay(doors: Iterable[OpenDoor]) -> str:
    """Why the host keeps running if no model can be served; empty if it exits."""
    return next((one.door.stays_because for one in doors if one.root_routes), "")


def _check_root(wanted: Sequence[str], opened: Sequence[OpenDoor]) -> None:
    able = [one.name for one in opened if one.door.root_routes]
    for name in wanted:
        if name not in able:
            raise ConfigError(f"root-protocol {name!r}: only {', '.join(able)} can be at the root")
    for number, one in enumerate(opened):
        for other in opened[:number]:
            for route, its in itertools.product(one.root_routes, other.root_routes):
                if _clash(route, its):
                    raise ConfigError(
                        f"root-protocol {other.name} and {one.name} cannot both be at the root: "
                        f"{its.method} {its.path} belongs to both"
                    )


def _clash(one: web.RouteDef, other: web.RouteDef) -> bool:
    """Whether a request can match both."""
    same_method = hdrs.METH_ANY in (one.method, other.method) or one.method == other.method
    return same_method and (_takes(one, other.path) or _takes(other, one.path))


def _takes(route: web.RouteDef, path: str) -> bool:
    return takes(pattern_of(route), path)


def pattern_of(route: web.RouteDef) -> re.Pattern[str]:
    """For the paths of a route: see :func:`takes`."""
    pattern = web.UrlDispatcher().add_resource(route.path).get_info().get("pattern")
    return re.compile(re.escape(route.path)) if pattern is None else pattern


def takes(pattern: re.Pattern[str], path: str) -> bool:
    """Whether a path, which may have variable parts itself, belongs to a route."""
    return pattern.fullmatch(_IN_BRACES.sub("x", path)) is not None


_IN_BRACES = re.compile(r"\{[^{}]*\}")
"""A variable part of a path."""
