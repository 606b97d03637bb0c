"""A folder's files over HTTP: listed, downloaded, packed, and nothing outside of it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from yarl import URL

from deepaas.errors import RunFileNotFound
from deepaas.origins import Visitors
from deepaas.web import files
from deepaas.web.files import content_disposition, listing, open_file, send_file, send_zip
from deepaas.web.health import Drain
from deepaas.web.page_security import protect
from deepaas.web.serving import serving

PATIENCE_SECONDS = 60
MB = 1024 * 1024

Serve = Callable[[Path], Awaitable[str]]
Run = Callable[[web.Application], Awaitable[str]]


@pytest.fixture
def serve(run: Run) -> Serve:
    """Serves a folder as the host does, and gives the URL: ``/files/NAME`` and ``/zip``."""

    async def start(root: Path) -> str:
        async def one(request: web.Request) -> web.StreamResponse:
            return await send_file(request, root, request.match_info["name"])

        async def all_of_them(request: web.Request) -> web.StreamResponse:
            return await send_zip(request, root, "run é.zip")

        app = web.Application(middlewares=[serving(Drain())])
        protect(app, Visitors("127.0.0.1"))
        app.router.add_get("/files/{name:.*}", one)
        app.router.add_get("/zip", all_of_them)
        return await run(app)

    return start


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
        yield session


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with all kinds of things, and secrets beside it."""
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "secret").write_text("secret")
    root = tmp_path / "root"
    (root / "b" / "deep").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "z.txt").write_bytes(b"0123456789")
    (root / "b" / "é ✓.png").write_bytes(b"png")
    (root / "b" / "deep" / "none").write_bytes(b"")
    (root / "b" / "inside").symlink_to("../z.txt")
    (root / "out").symlink_to("../secret")
    (root / "out-absolute").symlink_to(tmp_path / "secret")
    (root / "out-folder").symlink_to(tmp_path / "secrets")
    (root / "in-folder").symlink_to("b")
    (root / "round").symlink_to("round")
    (root / "b" / "up").symlink_to("..")
    (root / "broken").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    return root


LISTED = ["z.txt", "b/inside", "b/é ✓.png", "b/deep/none"]


def test_listing(root: Path) -> None:
    os.utime(root / "z.txt", (1, 12345.5))
    found = listing(root)
    assert [entry.path for entry in found.entries] == LISTED
    assert not found.cut
    assert found.entries[0] == files.FolderEntry("z.txt", 10, 12345.5)


def test_every_listed_file_can_be_had(root: Path) -> None:
    for entry in listing(root).entries:
        with open_file(root, entry.path) as file:
            assert len(file.read()) == entry.size


def test_listing_is_cut(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / str(number)).touch()
    assert not listing(tmp_path, 5).cut
    found = listing(tmp_path, 4)
    assert ([entry.path for entry in found.entries], found.cut) == (["0", "1", "2", "3"], True)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert listing(tmp_path / "no") == files.FolderListing([], cut=False)
    with pytest.raises(RunFileNotFound):
        open_file(tmp_path / "no", "a")


def test_where_the_folders_lie_may_be_a_symlink(root: Path, tmp_path: Path) -> None:
    """An operator may have put the state on another disk so."""
    (tmp_path / "link").symlink_to(tmp_path)
    (root.parent / "run").mkdir()
    shutil.move(root, tmp_path / "run" / "root")
    root = tmp_path / "link" / "run" / "root"
    (root / "absolute").symlink_to(tmp_path / "run" / "root" / "z.txt")
    (root / "absolute-2").symlink_to(root / "z.txt")
    assert [entry.path for entry in listing(root).entries] == sorted(
        ["absolute", "absolute-2", *LISTED], key=lambda name: ("/" in name, 0)
    )
    for name in ("absolute", "absolute-2", "b/inside"):
        with open_file(root, name) as file:
            assert file.read() == b"0123456789"


def test_names_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "bad\udcff").write_text("x")
    assert [entry.path for entry in listing(tmp_path).entries] == ["bad\ufffd"]
    with open_file(tmp_path, "bad\ufffd") as file:
        assert file.read() == b"x"


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "/", "b", "b/", "z.txt/", "./z.txt", "b//deep/none", "nothing"),
        *("../secret", "b/../../secret", "b/../z.txt", "/etc/passwd", "//etc/passwd", "z.txt\0"),
        *("\0", "out", "out-absolute", "out-folder/secret", "round", "broken", "pipe", "b/up"),
        *("b/up/../secret", "x" * 5000, "a/" * 5000 + "a", "..\\secret", "%2e%2e/secret", "\ud800"),
    ],
    ids=lambda name: repr(name[:20]),
)
def test_nothing_else_can_be_had(root: Path, name: str) -> None:
    with pytest.raises(RunFileNotFound):
        open_file(root, name)


@pytest.mark.parametrize("name", ["in-folder/é ✓.png", "b/up/z.txt"])
def test_folders_that_lead_inside(root: Path, name: str) -> None:
    open_file(root, name).close()


@pytest.mark.parametrize("path", ["..%2fsecret", "%2e%2e/secret", "%2fetc%2fpasswd", "out", "a%00"])
async def test_not_found(
    serve: Serve, session: aiohttp.ClientSession, root: Path, path: str
) -> None:
    url = URL(f"{await serve(root)}/files/{path}", encoded=True)
    async with session.get(url) as answer:
        assert answer.status == 404
        assert (await answer.json())["error"] == "file_not_found"


async def test_download(serve: Serve, session: aiohttp.ClientSession, root: Path) -> None:
    base = await serve(root)
    async with session.get(f"{base}/files/{quote('b/é ✓.png')}") as answer:
        assert answer.status == 200
        assert await answer.read() == b"png"
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        disposition = answer.headers["Content-Disposition"]
    assert (
        disposition == "attachment; filename=\"_ _.png\"; filename*=UTF-8''%C3%A9%20%E2%9C%93.png"
    )

    url = f"{base}/files/z.txt"
    async with session.get(url, headers={"Range": "bytes=2-4"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"234")
        assert answer.headers["Content-Range"] == "bytes 2-4/10"
        etag, modified = answer.headers["ETag"], answer.headers["Last-Modified"]
    async with session.get(url, headers={"Range": "bytes=99-"}) as answer:
        assert answer.status == 416
    async with session.get(url, headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    async with session.get(url, headers={"If-Modified-Since": modified}) as answer:
        assert answer.status == 304
    async with session.head(url) as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, "10")
    async with session.get(f"{base}/files/b/deep/none") as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_a_download_is_taken_up_only_where_the_file_is_the_same(
    serve: Serve, session: aiohttp.ClientSession, root: Path
) -> None:
    url = f"{await serve(root)}/files/z.txt"
    async with session.head(url) as answer:
        etag = answer.headers["ETag"]
    headers = {"Range": "bytes=5-", "If-Range": etag}
    async with session.get(url, headers=headers) as answer:
        assert (answer.status, await answer.read()) == (206, b"56789")
    (root / "z.txt").write_bytes(b"abcdefghij!")
    async with session.get(url, headers=headers) as answer:
        assert (answer.status, await answer.read()) == (200, b"abcdefghij!")


async def test_no_other_file_is_sent_instead(
    serve: Serve, session: aiohttp.ClientSession, root: Path
) -> None:
    (root / "z.txt.gz").write_bytes(b"something else")
    base = await serve(root)
    headers = {"Accept-Encoding": "gzip, br"}
    async with session.get(f"{base}/files/z.txt", headers=headers) as answer:
        assert await answer.read() == b"0123456789"
        assert "Content-Encoding" not in answer.headers
    async with session.get(f"{base}/files/z.txt.gz", headers=headers) as answer:
        assert await answer.read() == b"something else"
        assert answer.headers["Content-Type"] == "application/gzip"
        assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("length", ["growing", "shrinking"])
async def test_a_file_that_changes_while_it_is_sent(
    serve: Serve, session: aiohttp.ClientSession, tmp_path: Path, length: str
) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.truncate(64 * MB)
    async with session.get(f"{await serve(tmp_path)}/files/log") as answer:
        await answer.content.readexactly(1)
        os.truncate(path, 65 * MB if length == "growing" else MB)
        if length == "growing":
            assert len(await answer.content.read()) == 64 * MB - 1
        else:
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.content.read()


@pytest.mark.parametrize(
    "name", ["a.txt", 'a"b\\c.txt', "a\r\nSet-Cookie: x", "é.txt", "数.png", "100%.txt", "a;b='c'"]
)
def test_content_disposition(name: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert "\n" not in header
    exact = re.search(r"filename\*=UTF-8''(\S+)$", header)
    simple = re.match(r'attachment; filename="([^"\\%]*)"', header)
    assert simple
    assert (unquote(exact[1]) if exact else simple[1]) == name


async def fetch_zip(session: aiohttp.ClientSession, url: str, path: Path) -> zipfile.ZipFile:
    async with session.get(url) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/zip"
        with path.open("wb") as file:
            async for chunk in answer.content.iter_any():
                file.write(chunk)
    if shutil.which("unzip"):
        tested = await asyncio.to_thread(
            lambda: subprocess.run(["unzip", "-tq", path], capture_output=True, text=True)
        )
        assert tested.returncode == 0, tested.stdout + tested.stderr
    return zipfile.ZipFile(path)


async def test_zip(
    serve: Serve, session: aiohttp.ClientSession, root: Path, tmp_path: Path
) -> None:
    noise, text = random.Random(1).randbytes(3 * MB), b"epoch 1: loss 0.5\n" * 100_000
    (root / "weights.pt").write_bytes(noise)
    (root / "log.txt").write_bytes(text)
    os.utime(root / "log.txt", (0, 0))  # Before the time that ZIP knows.
    os.utime(root / "z.txt", (2**33, 2**33))  # And after it.
    url = f"{await serve(root)}/zip"
    archive = await fetch_zip(session, url, tmp_path / "a.zip")
    with archive:
        assert sorted(archive.namelist()) == sorted([*LISTED, "weights.pt", "log.txt"])
        assert archive.testzip() is None
        assert archive.read("weights.pt") == noise
        assert archive.read("log.txt") == text
        assert archive.read("b/é ✓.png") == b"png"
        assert archive.read("b/inside") == b"0123456789"
        assert archive.getinfo("log.txt").compress_size < len(text) / 10
        assert archive.getinfo("weights.pt").compress_size < len(noise) * 1.01
        # A reader of streams needs the end of each entry marked by the compression itself.
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}
    async with session.head(url) as answer:
        assert "run%20%C3%A9.zip" in answer.headers["Content-Disposition"]


async def test_zip_of_nothing(serve: Serve, session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with session.get(f"{await serve(tmp_path / 'no')}/zip") as answer:
        body = await answer.read()
    assert zipfile.ZipFile(io.BytesIO(body)).namelist() == []


def peak_mb() -> float:
    """The most memory that this process has ever held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


async def test_300_mb_to_a_slow_client(
    serve: Serve, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Neither the file nor the archive is ever in memory as a whole."""
    root = tmp_path / "root"
    root.mkdir()
    noise = random.Random(1).randbytes(MB)
    with (root / "weights").open("wb") as file:
        for _ in range(30):
            file.write(noise)
        file.truncate(300 * MB)
    base = await serve(root)
    before = peak_mb()
    async with session.get(f"{base}/files/weights") as answer:
        await asyncio.sleep(0.3)
        digest = hashlib.sha256()
        async for chunk in answer.content.iter_any():
            digest.update(chunk)
    whole = hashlib.sha256(noise * 30)
    for _ in range(270):
        whole.update(bytes(MB))
    assert digest.digest() == whole.digest()
    async with session.get(f"{base}/zip") as answer:
        await asyncio.sleep(0.3)
        async for _chunk in answer.content.iter_any():
            pass
    assert peak_mb() - before < 30


async def test_the_work_waits_for_a_slow_client_and_ends_with_it(
    serve: Serve, session: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights").write_bytes(random.Random(1).randbytes(40 * MB))
    made = 0
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    original = files.zip_pieces

    def watched(root: Path) -> Iterator[bytes]:
        nonlocal made
        try:
            for piece in original(root):
                made += len(piece)
                yield piece
        finally:
            loop.call_soon_threadsafe(ended.set)

    monkeypatch.setattr(files, "zip_pieces", watched)
    answer = await session.get(f"{await serve(tmp_path)}/zip")
    await answer.content.readexactly(1000)
    last = -1
    while made != last:  # Until it goes no further.
        last = made
        await asyncio.sleep(0.2)
    assert 0 < made < 20 * MB
    answer.close()
    await asyncio.wait_for(ended.wait(), 5)
    assert made < 20 * MB
