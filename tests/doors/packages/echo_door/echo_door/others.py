"""A door that is in the way of the echo at the root, and one that is never opened."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Door, Host, routes


def twin(host: Host) -> Door:
    """It has a root route that the echo has, too."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="twin")

    def tell(_model: object) -> list[object]:
        raise ZeroDivisionError("links of a door that fails")

    def at_root() -> list[web.RouteDef]:
        return routes(host.prefix, [("GET", "/echo-at-root", answer)])

    async def openapi(_models: Sequence[HostedModel]) -> dict[str, object]:
        raise ZeroDivisionError("the document of a door that fails")

    return Door([], at_root, links=tell, openapi=openapi)  # type: ignore[arg-type]


def never_opened(_host: Host) -> Door:
    """Its options cannot be loaded, so it is not opened."""
    raise AssertionError
