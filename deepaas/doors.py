"""The doors of a host: found, opened, and put together into one application."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from aiohttp import web

from deepaas.errors import ConfigError
from deepaas.protocols import Door, Host
from deepaas.web.errors import ErrorShapes

_log = logging.getLogger(__name__)

GROUP = "deepaas.protocol"
"""Entry points of functions ``setup(host)``, one per HTTP dialect."""


@dataclass(frozen=True)
class OpenDoor:
    """A door that this host has.

    Attributes:
        name: of its entry point.
        door: what it adds.
        root_routes: those at the root, none if it is not wanted there.
    """

    name: str
    door: Door
    root_routes: Sequence[web.RouteDef] = ()


def open_all(host: Host) -> list[OpenDoor]:
    """Open the doors of all installed packages.

    One that does not work is told of in the log, and the others are served.

    Raises:
        ConfigError: an option is wrong, or doors at the root are in each other's way.
    """
    # Of one name the host's own comes first.
    points = sorted(
        importlib.metadata.entry_points(group=GROUP),
        key=lambda one: (one.name, not one.value.startswith("deepaas.")),
    )
    opened: dict[str, OpenDoor] = {}
    for point in points:
        if point.name in opened:
            _log.error("the door %r of %s is passed over: there is one", point.name, point.value)
        elif (one := _opened(point, host)) is not None:
            opened[point.name] = one
    _check_root(host.settings.root_protocol, list(opened.values()))
    return list(opened.values())


def _opened(point: importlib.metadata.EntryPoint, host: Host) -> OpenDoor | None:
    try:
        options = host.settings.doors.get(point.name)
        if isinstance(options, Exception):
            raise ValueError(f"its options cannot be had: {options}") from options
        door = point.load()(replace(host, options=options))
        if not isinstance(door, Door):
            raise TypeError(f"{point.value} gives back no deepaas.protocols.Door")
        wanted = point.name in host.settings.root_protocol
        at_root = door.root_routes() if wanted and door.root_routes else ()
        one = OpenDoor(point.name, door, at_root)
        # Tried where it does no harm: a router refuses some.
        web.UrlDispatcher().add_routes([*one.root_routes, *door.routes])
    except ConfigError:
        raise
    except Exception:
        _log.exception("the door %r cannot be opened; the others are served", point.name)
        return None
    return one


def add(app: web.Application, doors: Sequence[OpenDoor], shapes: ErrorShapes) -> None:
    """Add routes, shapes of errors, start and end of doors to an application.

    Args:
        app: the application.
        doors: which.
        shapes: of errors.
    """
    # The router takes the first route that fits: at the root, of whom the operator wants there.
    app.add_routes([route for one in doors for route in one.root_routes])
    for one in doors:
        app.add_routes(one.door.routes)
        handlers = [route.handler for route in (*one.door.routes, *one.root_routes)]
        shapes.add(one.door.shape, one.door.paths, handlers)

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
    """Why the host stays when no model can be served; empty if it does not."""
    return next((one.door.stays_because for one in doors if one.root_routes), "")


def _check_root(wanted: Sequence[str], opened: Sequence[OpenDoor]) -> None:
    able = [one.name for one in opened if one.door.root_routes]
    for name in wanted:
        if name not in able:
            raise ConfigError(f"root-protocol {name!r}: only {', '.join(able)} can be at the root")
    whose: dict[tuple[str, str], str] = {}
    for one in opened:
        for route in one.root_routes:
            other = whose.setdefault((route.method, route.path), one.name)
            if other != one.name:
                raise ConfigError(
                    f"root-protocol {other} and {one.name} cannot both be at the root: "
                    f"{route.method} {route.path} belongs to both"
                )
