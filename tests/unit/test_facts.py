"""What a request is about, for metrics, logs and rights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from deepaas.web.facts import FactFinder, RequestFacts


async def _answer(_request: web.Request) -> web.Response:
    return web.Response()


async def _other(_request: web.Request) -> web.Response:
    return web.Response()


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v2/models/known/predict/", ("v2", "/v2/models/{name}/predict/", "known")),
        ("POST", "/v2/models/anything/predict/", ("v2", "/v2/models/{name}/predict/", "")),
        ("GET", "/health", ("host", "/health", "")),
        ("GET", "/files/any.txt", ("host", "/files", "")),
        ("GET", "/v2/models/known/predict/", ("host", "", "")),
        ("GET", "/no/such", ("host", "", "")),
    ],
)
async def test_facts_have_no_text_of_clients(
    aiohttp_client: Any, method: str, path: str, expected: tuple[str, str, str]
) -> None:
    finder = FactFinder({"known"})
    finder.add("v2", lambda request: request.match_info["name"], [_answer])
    seen: list[RequestFacts] = []

    @web.middleware
    async def look(request: web.Request, handler: Handler) -> web.StreamResponse:
        seen.append(finder.of(request))
        return await handler(request)

    app = web.Application(middlewares=[look])
    app.router.add_post("/v2/models/{name}/predict/", _answer)
    app.router.add_get("/health", _other)
    app.router.add_static("/files", Path(__file__).parent)
    client = await aiohttp_client(app)

    await client.request(method, path)

    assert seen == [RequestFacts(*expected)]
