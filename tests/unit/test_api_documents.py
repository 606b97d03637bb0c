"""The OpenAPI documents of doors, by themselves and together."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient

from deepaas.api_documents import ApiDocuments
from deepaas.doors import OpenDoor
from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Door


def opened(name: str, part: dict[str, Any]) -> OpenDoor:
    async def openapi(_models: Sequence[HostedModel]) -> dict[str, Any]:
        return part

    return OpenDoor(EntryPoint(name, "a:b", "deepaas.protocol"), Door([], openapi=openapi))


def host_of(doors: Sequence[OpenDoor], models: Sequence[Any] = ()) -> web.Application:
    app = web.Application()
    app.add_routes(ApiDocuments("", models, doors).routes())
    return app


async def test_of_one_name_the_first_counts_and_the_log_tells_of_it_once(
    aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    first = {"paths": {"/a": {"get": 1}}, "components": {"schemas": {"Same": 1, "Failure": 1}}}
    second = {
        "paths": {"/a": {"get": 2}, "/b": {"get": 2}},
        "components": {"schemas": {"Same": 1, "Failure": 2}},
    }
    client = await aiohttp_client(host_of([opened("one", first), opened("two", second)]))
    for _ in range(2):
        document = await (await client.get("/openapi.json")).json()
        assert document["paths"] == {"/a": {"get": 1}, "/b": {"get": 2}}
        assert document["components"] == {"schemas": {"Same": 1, "Failure": 1}}
    assert [(one.levelname, one.args) for one in caplog.records if "openapi" in one.msg] == [
        ("WARNING", ("/a", "two")),
        ("WARNING", ("Failure", "two")),
    ]
    alone = await (await client.get("/openapi/two.json")).json()
    assert alone["paths"] == second["paths"] and alone["components"] == second["components"]
    assert (await client.get("/openapi/three.json")).status == 404


def model(name: str, **metadata: str) -> Any:
    async def told() -> dict[str, str]:
        return metadata

    return SimpleNamespace(name=name, metadata=told)


async def test_they_are_called_like_what_is_served(aiohttp_client: AiohttpClient) -> None:
    digits = model(
        "digits", title="Reads digits", description="From *pictures*, <b>a</b> < 1 ![p](q)"
    )
    doors = [opened("v2", {"info": {"title": "not this"}})]
    client = await aiohttp_client(host_of(doors, [digits]))
    alone = (await (await client.get("/openapi/v2.json")).json())["info"]
    assert (alone["title"], alone["description"]) == (
        "Reads digits – v2",
        "From *pictures*, &lt;b>a&lt;/b> < 1 [p](q)",
    )

    client = await aiohttp_client(host_of(doors, [digits, model("other")]))
    both = (await (await client.get("/openapi.json")).json())["info"]
    assert both["title"] == "DEEPaaS"
    assert both["description"] == "* `digits`: Reads digits\n* `other`"
