"""The door itself."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from deepaas.curl import curl
from deepaas.messages import Values
from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Door, Host, Link, Snippet, routes
from deepaas.web.answers import respond
from deepaas.web.errors import Problem
from echo_door.options import Options

TITLE = "An echo"


def shape(problem: Problem) -> web.Response:
    """Errors as this dialect has them."""
    told = {"echo": problem.message, "why": problem.error, "fields": problem.fields}
    return web.json_response(told, status=problem.status, headers=problem.headers)


class Echo:
    """The routes."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._options: Options = host.options

    async def told(self, _request: web.Request) -> web.Response:
        """What it has been told by the operator; of its secret, only whether there is one."""
        told = dataclasses.asdict(self._options)
        return web.json_response({**told, "token": bool(self._options.token)})

    async def ask(self, request: web.Request) -> web.Response:
        """What the model says to the arguments in the query."""
        model = self._host.registry[request.match_info["model"]]
        answer = await model.predict(Values(dict(request.query)))
        return await respond(request, answer)

    async def bytes(self, request: web.Request) -> web.Response:
        """What has come, whatever it is."""
        async with self._host.uploads.open(request) as reception:
            body = await reception.body()
            # A thread, since all requests share the event loop.
            data = await asyncio.to_thread(Path(body.path).read_bytes) if body.path else body.data
        return web.Response(
            body=data,
            content_type=body.media_type,
            headers={"X-On-Disk": "yes" if body.path else "no"},
        )


def setup(host: Host) -> Door:
    """Open it."""
    echo = Echo(host)
    own = f"{host.prefix}/echo"

    def at_root() -> list[web.RouteDef]:
        return routes(host.prefix, [("GET", "/echo-at-root", echo.told)])

    def links(model: HostedModel) -> list[Link]:
        return [Link("Shout at it", f"{own}/{quote(model.name, safe='')}?text=hi")]

    def snippets(model: HostedModel, url: str) -> list[Snippet]:
        return [Snippet(TITLE, curl(f"{url}/echo/{quote(model.name, safe='')}?text=hi"))]

    async def openapi(_models: Sequence[HostedModel]) -> dict[str, Any]:
        schema = {
            "type": "object",
            "required": ["echo", "why", "fields"],
            "properties": {
                "echo": {"type": "string"},
                "why": {"type": "string"},
                "fields": {"type": "object", "nullable": True},
            },
        }
        refused = {
            "description": "It does not answer",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Echo"}}},
        }
        operation = {
            "tags": ["echo"],
            "summary": "Give the body back",
            "operationId": "echo_bytes",
            "requestBody": {"content": {"application/octet-stream": {}}},
            "responses": {"200": {"description": "The body"}, "default": refused},
        }
        return {
            "paths": {f"{own}/bytes": {"post": operation}},
            "components": {"schemas": {"Echo": schema}},
        }

    table = [
        ("GET", "/", echo.told),
        ("POST", "/bytes", echo.bytes),
        ("POST", "/{model}", echo.ask),
    ]
    return Door(
        routes(own, table),
        at_root,
        [own],
        shape,
        title=TITLE,
        pages=[Link(TITLE, f"{own}/")],
        links=links,
        snippets=snippets,
        openapi=openapi,
    )
