"""Files in memory: what was there before is gone, and nobody writes to one that is still read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pytest_aiohttp import AiohttpClient

from deepaas.messages import INLINE_BYTES
from deepaas.web.memory_files import (
    MAX_COUNT,
    MAX_DESCRIPTORS,
    MAX_FILE_BYTES,
    MemoryFile,
    MemoryFiles,
)
from deepaas.web.uploads import Reception, Uploads


def test_nothing_is_left_of_what_was_there() -> None:
    files = MemoryFiles()
    for content in (b"a" * 1000, b"bc", b"d" * 5000, b"", b"e"):
        file = taken(files, content)
        assert Path(file.path).read_bytes() == content
        files.give_back(file, is_read=True)


def test_one_that_may_still_be_read_is_empty_and_nobody_s() -> None:
    files = MemoryFiles()
    first = taken(files, b"first")
    files.give_back(first, is_read=False)
    others = [taken(files, b"other") for _ in range(MAX_COUNT)]
    assert files.take(1) is None
    assert first not in others
    assert Path(first.path).read_bytes() == b""
    for file in others:
        files.give_back(file, is_read=True)
    assert taken(files, b"x") is others[-1]


def test_it_rests_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    files = MemoryFiles()
    first = taken(files, b"first")
    files.give_back(first, is_read=False)
    monkeypatch.setattr("deepaas.web.memory_files.REST_SECONDS", -1.0)
    assert taken(files, b"a") is first
    assert Path(first.path).read_bytes() == b"a"


def test_nothing_is_written_beyond_its_size() -> None:
    files = MemoryFiles()
    file = files.take(3)
    assert file is not None
    file.append(b"ab")
    with pytest.raises(ValueError, match="structure"):
        file.append(b"cd")
    assert Path(file.path).read_bytes() == b"ab\0"


def test_descriptors_are_not_used_up_by_those_that_rest() -> None:
    files = MemoryFiles()
    for _ in range(MAX_DESCRIPTORS):
        files.give_back(taken(files, b"a"), is_read=False)
    assert files.take(1) is None


def test_those_that_have_rested_are_no_more_than_others(monkeypatch: pytest.MonkeyPatch) -> None:
    files = MemoryFiles()
    for _ in range(2 * MAX_COUNT):
        files.give_back(taken(files, b"a"), is_read=False)
    monkeypatch.setattr("deepaas.web.memory_files.REST_SECONDS", -1.0)
    used = [taken(files, b"b") for _ in range(MAX_COUNT)]
    assert files.take(1) is None
    assert len(set(used)) == MAX_COUNT


def taken(files: MemoryFiles, content: bytes) -> MemoryFile:
    file = files.take(len(content))
    assert file is not None
    file.append(content[:1])
    file.append(content[1:])

    return file


@pytest.mark.parametrize("size", [INLINE_BYTES, INLINE_BYTES + 1, MAX_FILE_BYTES, 3_000_000])
async def test_a_body_of_some_size_has_no_file_on_the_disk(
    aiohttp_client: AiohttpClient, tmp_path: Path, size: int
) -> None:
    uploads = Uploads(tmp_path / "uploads", 0)
    body = b"x" * size
    seen: list[Any] = []

    async def tell(request: web.Request) -> web.Response:
        reception: Reception
        async with uploads.open(request) as reception:
            received = await reception.body()
            data = Path(received.path).read_bytes() if received.path else received.data
            seen.append((data == body, len(list((tmp_path / "uploads").iterdir()))))
            reception.finish()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", tell)
    server = TestServer(app)
    await server.start_server(auto_decompress=False)
    client: TestClient[Any, Any] = await aiohttp_client(server)
    for _ in range(3):
        assert (await client.post("/", data=body)).status == 200
    assert seen == [(True, int(size > MAX_FILE_BYTES))] * 3
    assert list((tmp_path / "uploads").iterdir()) == []
