"""A door that sends tensors, to predict and to train."""

from __future__ import annotations

from aiohttp import web
from tensor_codec import decode

from deepaas.messages import Encoded
from deepaas.protocols.door import Door, Host, routes
from deepaas.web.answers import respond


def setup(host: Host) -> Door:
    async def ask(request: web.Request) -> web.StreamResponse:
        model = host.registry[request.match_info["name"]]
        body = await request.read()
        inputs = Encoded("tensors", body) if request.query_string else decode(body, {})
        return await respond(request, await model.predict(inputs))

    async def train(request: web.Request) -> web.StreamResponse:
        model = host.registry[request.match_info["name"]]
        run = await host.trainings.submit(model, decode(await request.read(), {}))
        return web.Response(text=run.uuid)

    own = f"{host.prefix}/tensors"
    table = [("POST", "/{name}", ask), ("POST", "/{name}/train", train)]
    return Door(routes(own, table), paths=[own])
