"""The doors of a host: found, opened, and put together into one application."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiohttp import web

from deepaas.errors import ConfigError
from deepaas.protocols import Door, Host, Opened
from deepaas.web.errors import ErrorShapes

_log = logging.getLogger(__name__)

GROUP = "deepaas.protocol"
"""Entry points of the objects that are doors."""


@dataclass(frozen=True)
class OpenDoor:
    """A door with what it has opened.

    Attributes:
        door: itself.
        opened: what it adds to the host.
        root_routes: those at the root, none if it is not wanted there.
    """

    door: Door
    opened: Opened
    root_routes: Sequence[web.RouteDef] = ()


def installed() -> list[Door]:
    """The doors of all installed packages; one that cannot be loaded is told of in the log."""
    found: dict[str, Door] = {}
    for point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda one: one.name):
        if (door := _loaded(point)) is not None:
            found[door.name] = door
    return list(found.values())


def _loaded(point: importlib.metadata.EntryPoint) -> Door | None:
    try:
        door = point.load()
    except Exception:
        _log.exception("the door %r cannot be loaded; the others are served", point.name)
        return None
    if isinstance(door, Door):
        return door
    _log.error("the door %r is passed over: %s is no Door", point.name, point.value)
    return None


def open_all(doors: Iterable[Door], host: Host) -> list[OpenDoor]:
    """Open doors; one that cannot be opened is told of in the log.

    Raises:
        ConfigError: an option is wrong, or doors at the root are in each other's way.
    """
    wanted = host.settings.root_protocol
    opened: list[OpenDoor] = []
    for door in doors:
        if (one := _opened(door, host)) is not None:
            at_root = one.root_routes() if door.name in wanted and one.root_routes else ()
            opened.append(OpenDoor(door, one, at_root))
    _check_root(wanted, opened)
    return opened


def _opened(door: Door, host: Host) -> Opened | None:
    try:
        return door.setup(host)
    except ConfigError:
        raise
    except Exception:
        _log.exception("the door %r cannot be opened; the others are served", door.name)
        return None


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
        opened = one.opened
        app.add_routes(opened.routes)
        handlers = [route.handler for route in (*opened.routes, *one.root_routes)]
        shapes.add(opened.shape, opened.paths, handlers)

    async def start(_app: web.Application) -> None:
        for one in doors:
            await one.opened.start()

    async def close(_app: web.Application) -> None:
        for one in doors:
            await one.opened.close()

    app.on_startup.append(start)
    app.on_shutdown.append(close)


def stay_because(doors: Iterable[OpenDoor]) -> str:
    """Why the host stays when no model can be served; empty if it does not."""
    return next((one.opened.stays_because for one in doors if one.root_routes), "")


def _check_root(wanted: Sequence[str], opened: Sequence[OpenDoor]) -> None:
    able = [one.door.name for one in opened if one.opened.root_routes]
    for name in wanted:
        if name not in able:
            raise ConfigError(f"root-protocol {name!r}: only {', '.join(able)} can be at the root")
    whose: dict[tuple[str, str], str] = {}
    for one in opened:
        for route in one.root_routes:
            other = whose.setdefault((route.method, route.path), one.door.name)
            if other != one.door.name:
                raise ConfigError(
                    f"root-protocol {other} and {one.door.name} cannot both be at the root: "
                    f"{route.method} {route.path} belongs to both"
                )
