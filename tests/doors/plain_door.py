"""Doors of a third party: one that works, and several that do not."""

from __future__ import annotations

from aiohttp import web

from deepaas.errors import RunNotFound
from deepaas.messages import RawRequest
from deepaas.protocols.door import Door, Host, routes
from deepaas.web.errors import Problem


def _as_text(problem: Problem) -> web.Response:
    return web.Response(text=f"{problem.status}: {problem.message}", status=problem.status)


def setup(host: Host) -> Door:
    async def ask(request: web.Request) -> web.Response:
        model = host.registry[request.match_info["model"]]
        answer = await model.predict(RawRequest(query=request.query_string))
        return web.Response(body=answer.body, content_type="text/plain")

    async def refuse(_request: web.Request) -> web.Response:
        raise RunNotFound("plain", "mine")

    async def fail(_request: web.Request) -> web.Response:
        raise ZeroDivisionError

    def at_root() -> list[web.RouteDef]:
        return routes(host.prefix, [("GET", "/health-check", refuse)])

    own = f"{host.prefix}/plain-text"
    table = [("GET", "/{model}", ask), ("GET", "/no/run", refuse), ("GET", "/no/reason", fail)]
    return Door(routes(own, table), at_root, [own], _as_text)


def unopened(_host: Host) -> Door:
    raise ModuleNotFoundError("No module named 'tensorrt'")


def clumsy(_host: Host) -> Door:
    """Its routes are none."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response()

    return Door(routes("", [("GET", "no-slash", answer)]))


def pageless(_host: Host) -> Door:
    """What it has for the host as a whole is not what it should be."""
    return Door([], pages=["/page"])  # type: ignore[list-item]


def unstarted(_host: Host) -> Door:
    async def start() -> None:
        raise RuntimeError("its port is taken")

    return Door([], start=start)


def no_door(_host: Host) -> str:
    return "a text"
