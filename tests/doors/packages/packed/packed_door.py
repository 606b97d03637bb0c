"""The host's half of a door whose bodies are MessagePack: what is large, it does not look into."""

from __future__ import annotations

import msgspec
import packed_codec
from aiohttp import web

from deepaas.errors import MalformedRequest
from deepaas.messages import INLINE_BYTES, Encoded, Inputs, Values
from deepaas.protocols.door import Door, Host, routes
from deepaas.web.answers import respond
from deepaas.web.bodies import received
from deepaas.workers.terms import Terms


def setup(host: Host) -> Door:
    async def ask(request: web.Request) -> web.StreamResponse:
        headers = {"x-mood": request.headers.get("X-Mood", "")}
        chunks = received(request, host.settings.client_max_size)
        held = b""
        async with host.uploads.scratch() as scratch:
            inputs: Inputs
            async for chunk in chunks:
                held += chunk
                if len(held) > INLINE_BYTES:
                    path = scratch.path / "body"
                    await host.uploads.write(path, held, chunks)
                    inputs = Encoded("packed", path=str(path), headers=headers)
                    break
            else:
                name = request.query.get("codec", "packed")
                inputs = Encoded(name, held, headers=headers)
                if not request.query_string:
                    inputs = decoded(held, headers)
            answer = await host.registry["packed_echo"].predict(inputs, terms=Terms(codec="packed"))
            return await respond(request, answer, may_pack=True)

    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        raise ZeroDivisionError

    async def stop_short(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 1000
        await response.prepare(request)
        await response.write(b"half")
        return response

    async def give_nothing(_request: web.Request) -> web.StreamResponse:
        return None  # type: ignore[return-value]

    async def ask_oddly(_request: web.Request) -> web.StreamResponse:
        inputs = Encoded("packed", b"", headers={"x-mood": 1})  # type: ignore[dict-item]
        await host.registry["packed_echo"].predict(inputs)
        raise AssertionError("it is no call")

    own = f"{host.prefix}/packed"
    table = [
        ("POST", "/", ask),
        ("POST", "/broken", break_off),
        ("POST", "/short", stop_short),
        ("POST", "/nothing", give_nothing),
        ("POST", "/odd", ask_oddly),
    ]
    return Door(routes(own, table), paths=[own])


def decoded(body: bytes, headers: dict[str, str]) -> Values:
    try:
        return packed_codec.decode(body, headers)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise MalformedRequest(str(error)) from None
