"""Doors of a third party: one that works, one that is in Cog's way, and two that do not work."""

from __future__ import annotations

from aiohttp import web

from deepaas.errors import RunNotFound
from deepaas.messages import Inputs
from deepaas.protocols import Door, Host, Opened, routes
from deepaas.web.errors import Told


def _as_text(told: Told) -> web.Response:
    return web.Response(text=f"{told.status}: {told.message}", status=told.status)


def setup(host: Host) -> Opened:
    async def ask(request: web.Request) -> web.Response:
        model = host.registry[request.match_info["model"]]
        answer = await model.predict(Inputs(query=request.query_string))
        return web.Response(body=answer.body, content_type="text/plain")

    async def refuse(_request: web.Request) -> web.Response:
        raise RunNotFound("plain", "mine")

    async def fail(_request: web.Request) -> web.Response:
        raise ZeroDivisionError

    def at_root() -> list[web.RouteDef]:
        return routes(host.prefix, [("GET", "/health-check", refuse)])

    own = f"{host.prefix}/plain-text"
    table = [("GET", "/{model}", ask), ("GET", "/no/run", refuse), ("GET", "/no/reason", fail)]
    return Opened(routes(own, table), at_root, [own], _as_text)


def _cannot(_host: Host) -> Opened:
    raise ModuleNotFoundError("No module named 'tensorrt'")


DOOR = Door("plain-text", "Plain text", setup)
UNOPENED = Door("unopened", "It cannot be opened", _cannot)
NO_DOOR = "a text"
