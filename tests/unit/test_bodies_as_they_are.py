"""Bodies for doors that read them themselves: any media type, unpacked, limited, on the disk."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pytest_aiohttp import AiohttpClient

from deepaas.messages import INLINE_BYTES
from deepaas.web.errors import respond_to_exception
from deepaas.web.uploads import Uploads

MAX_BYTES = 3 * INLINE_BYTES


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, tmp_path: Path) -> TestClient[Any, Any]:
    uploads = Uploads(tmp_path / "uploads", MAX_BYTES)

    async def tell(request: web.Request) -> web.StreamResponse:
        try:
            async with uploads.open(request) as reception:
                body = await reception.body()
                data = Path(body.path).read_bytes() if body.path else body.data
                headers = {"X-Type": body.media_type, "X-On-Disk": str(bool(body.path))}
                return web.Response(body=data, headers=headers)
        except Exception as error:
            return respond_to_exception(request, error)

    app = web.Application()
    app.router.add_post("/", tell)
    server = TestServer(app)
    await server.start_server(auto_decompress=False)
    return await aiohttp_client(server)


@pytest.mark.parametrize("size", [0, 1, INLINE_BYTES, INLINE_BYTES + 1, MAX_BYTES])
@pytest.mark.parametrize("media_type", ["application/octet-stream", "image/png", "x/y; a=b"])
@pytest.mark.parametrize("packed", [False, True])
async def test_any_body(
    size: int, media_type: str, packed: bool, client: TestClient[Any, Any], tmp_path: Path
) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    headers = {"Content-Type": media_type}
    if packed:
        headers["Content-Encoding"] = "gzip"
    sent = gzip.compress(body) if packed else body
    answer = await client.post("/", data=sent, headers=headers)
    assert answer.status == 200
    assert await answer.read() == body
    assert answer.headers["X-Type"] == media_type.partition(";")[0]
    assert answer.headers["X-On-Disk"] == str(size > INLINE_BYTES)
    assert list((tmp_path / "uploads").iterdir()) == []


@pytest.mark.parametrize("packed", [False, True])
async def test_too_large(packed: bool, client: TestClient[Any, Any], tmp_path: Path) -> None:
    body = bytes(MAX_BYTES + 1)
    headers = {"Content-Type": "image/png"} | ({"Content-Encoding": "gzip"} if packed else {})
    answer = await client.post("/", data=gzip.compress(body) if packed else body, headers=headers)
    assert (answer.status, (await answer.json())["error"]) == (413, "too_large")
    assert list((tmp_path / "uploads").iterdir()) == []


async def test_not_packed_as_it_says(client: TestClient[Any, Any]) -> None:
    answer = await client.post("/", data=b"no gzip", headers={"Content-Encoding": "gzip"})
    assert answer.status == 400
