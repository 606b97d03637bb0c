"""What the host tells of all its doors together."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient

from deepaas import config
from deepaas.doors import OpenDoor
from deepaas.front import Front
from deepaas.protocols import Door


def opened(name: str, part: dict[str, Any]) -> OpenDoor:
    async def openapi() -> dict[str, Any]:
        return part

    return OpenDoor(EntryPoint(name, "a:b", "deepaas.protocol"), Door([], openapi=openapi))


async def test_of_one_name_the_first_counts_and_the_log_tells_of_it_once(
    aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    first = {"paths": {"/a": 1}, "components": {"schemas": {"Same": 1, "Failure": 1}}}
    second = {"paths": {"/a": 2, "/b": 2}, "components": {"schemas": {"Same": 1, "Failure": 2}}}
    front = Front(config.load([], {}, []), [], tensorboard=False, try_me=False)
    front.doors = [opened("one", first), opened("two", second)]
    app = web.Application()
    app.add_routes(front.routes())
    client = await aiohttp_client(app)
    for _ in range(2):
        document = await (await client.get("/openapi.json")).json()
        assert document["paths"] == {"/a": 1, "/b": 2}
        assert document["components"] == {"schemas": {"Same": 1, "Failure": 1}}
    assert [(one.levelname, one.args) for one in caplog.records if "openapi" in one.msg] == [
        ("WARNING", ("/a", "two")),
        ("WARNING", ("Failure", "two")),
    ]
