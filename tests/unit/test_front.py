"""What the host tells of all its doors together."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient

from deepaas import config
from deepaas.doors import OpenDoor
from deepaas.front import Front
from deepaas.protocols.door import Door, Link


@pytest.mark.parametrize(
    "path", ["javascript:alert(1)", "//evil.test/", "/\\evil.test/", "https://evil.test/", ""]
)
async def test_links_of_doors_lead_to_this_host(aiohttp_client: AiohttpClient, path: str) -> None:
    links = [Link("mine", "/mine"), Link("evil", path)]
    model: Any = SimpleNamespace(
        name="m", description=None, status=lambda: STATUS, metadata=nothing, gpus=list
    )
    front = Front(config.load([], {}, []), [model], [])
    door = Door([], pages=links, links=lambda _model: links)
    front.doors = [OpenDoor(EntryPoint("one", "a:b", "deepaas.protocol"), door)]
    app = web.Application()
    app.add_routes([*front.routes(), web.get("/", front.home)])
    client = await aiohttp_client(app)
    page = await (await client.get("/")).text()
    told = (await (await client.get("/doors.json")).json())["doors"][0]
    assert "mine" in page and "evil" not in page
    assert [one["label"] for one in told["pages"]] == ["mine"]
    assert [one["label"] for one in told["models"]["m"]["links"]] == ["mine"]
    assert [page.label for page in front.pages()] == ["mine"]


STATUS = SimpleNamespace(status="ready", reason="")


async def nothing() -> dict[str, Any]:
    return {}
