"""What is written for people to copy sends what it says: a shell and curl try it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpServer

from deepaas.curl import LocalFile, curl

ODD = 'it\'s "odd" @$HOME\n\\n'


@pytest.mark.parametrize(
    ("asked", "media_type", "body"),
    [
        ({"body": {"a": ODD}}, "application/json", json.dumps({"a": ODD}, ensure_ascii=False)),
        ({"data": LocalFile("a b's.txt", "text/csv")}, "text/csv", ODD),
        ({"data": LocalFile("a b's.txt")}, "application/octet-stream", ODD),
        ({"data": f"@{ODD}", "headers": {"Content-Type": "text/plain"}}, "text/plain", f"@{ODD}"),
        ({"data": ""}, "application/x-www-form-urlencoded", ""),
        ({}, "application/octet-stream", ""),
    ],
)
async def test_a_body(
    asked: dict[str, Any], media_type: str, body: str, aiohttp_server: AiohttpServer, tmp_path: Path
) -> None:
    async def tell(request: web.Request) -> web.Response:
        return web.json_response([request.method, request.content_type, await request.text()])

    app = web.Application()
    app.router.add_route("*", "/", tell)
    server = await aiohttp_server(app)
    (tmp_path / "a b's.txt").write_text(ODD)
    command = f"{curl(str(server.make_url('/')), **asked)} -sS"
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert json.loads(said) == ["POST", media_type, body]
