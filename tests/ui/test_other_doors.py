"""Calls of the host's other APIs under "Use via API"."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpServer
from support.host import start_host

from deepaas.client.api import Api
from deepaas.ui.other_doors import HostAround, OtherCall, look_around
from deepaas.ui.page import build_page


async def test_they_are_on_the_page_and_work() -> None:
    with start_host(["plain"], "--no-ui") as host:
        async with Api(host.url) as api:
            (model,) = await api.models()
            around = await look_around(api)
            calls = around.calls("plain")
            assert around.calls("nobody") == []
            told = [(one.label, one.url) for one in around.links("https://h.example/b", "/t")]
            assert told[:2] == [("Try me", "/t/"), ("Swagger", "https://h.example/b/api")]
            page = build_page(model, api, others=calls)
        call, other = calls
        assert call.title == "Predict with Cog's API"
        tabs = [
            one["props"].get("label")
            for one in page.config["components"]
            if one["type"] == "tabitem"
        ]
        assert tabs == ["curl", "Python", "deepaas.client", call.title, other.title]
        said = await asyncio.to_thread(
            subprocess.run,
            ["sh", "-c", f"{call.at(host.url)} -sSf"],
            capture_output=True,
            check=True,
        )
        assert json.loads(said.stdout)["output"] == {"text": "hello"}


@pytest.mark.parametrize(
    "pages",
    [
        "x",
        ["x", {}, {"label": "no URL"}],
        [{"label": "Swagger", "url": "javascript:alert(1)"}],
        [{"label": "Swagger", "url": "https://elsewhere.example/"}],
    ],
)
def test_nothing_but_the_hosts_own_pages_is_led_to(pages: Any) -> None:
    found = HostAround({"pages": pages}).links("https://h.example", "/t")
    assert [one.url for one in found] == ["/t/"]


@pytest.mark.parametrize("told", [None, [], {}, {"doors": []}])
async def test_a_host_that_does_not_tell(told: Any, aiohttp_server: AiohttpServer) -> None:
    async def tell(_request: web.Request) -> web.Response:
        if told is None:
            raise web.HTTPNotFound
        return web.json_response(told)

    app = web.Application()
    app.router.add_get("/doors.json", tell)
    server = await aiohttp_server(app)
    async with Api(str(server.make_url("")).rstrip("/")) as api:
        around = await look_around(api)
    assert around.calls("plain") == []
    assert [one.url for one in around.links("/base", "/base/try-me")] == [
        "/base/try-me/",
        "/base/api",
    ]


def test_the_address_is_the_visitors() -> None:
    call = OtherCall("One", "curl -X POST 'http://HOST/own/plain'")
    assert call.at("https://models.example/base") == (
        "curl -X POST 'https://models.example/base/own/plain'"
    )
