"""The real TensorBoard behind the host's port."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psutil
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright, expect
from support.chromium import FLAGS, PROGRAM
from yarl import URL

from deepaas.errors import ExtraMissing, UpstreamFailed
from deepaas.training.tensorboard import TensorBoard
from deepaas.warden import VARIABLE
from deepaas.web import tensorboard
from deepaas.web.health import Drain
from deepaas.web.serving import serving

PATIENCE_SECONDS = 90
PREFIX = "/base"

Serve = Callable[[tensorboard.TensorBoardProcess], Awaitable[str]]
Run = Callable[[web.Application], Awaitable[str]]

HOST = """
import asyncio, sys
from pathlib import Path
from deepaas.training.tensorboard import TensorBoard
from deepaas.warden import warden

async def main():
    logdir, host, tmp = sys.argv[1:]
    board = TensorBoard(Path(logdir), Path(tmp), "/tb", f"{host}:tb:")
    print(await board.address(), flush=True)
    await asyncio.Event().wait()

with warden(sys.argv[2]):
    asyncio.run(main())
"""


class Missing:
    async def address(self) -> str:
        raise ExtraMissing("TensorBoard", "tensorboard")


@pytest.fixture
def serve(run: Run) -> Serve:
    """Serves TensorBoard as the host does, and gives the URL of the host."""

    async def start(board: tensorboard.TensorBoardProcess) -> str:
        app = web.Application(middlewares=[serving(Drain()), web.normalize_path_middleware()])
        tensorboard.setup(app, prefix=PREFIX, tensorboard=board)
        return await run(app)

    return start


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield session


@pytest.fixture
def mark() -> str:
    return f"{secrets.token_hex(8)}:tb:"


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    logdir = tmp_path / "logdir"
    logdir.mkdir()
    return logdir


@pytest_asyncio.fixture
async def board(logdir: Path, tmp_path: Path, mark: str) -> AsyncIterator[TensorBoard]:
    board = TensorBoard(logdir, tmp_path / "tmp", f"{PREFIX}/tensorboard", mark)
    yield board
    await board.stop()
    assert not marked(mark)


def marked(mark: str) -> list[psutil.Process]:
    """The living processes with a mark that begins so."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(VARIABLE, "").startswith(mark):
                found.append(process)
    return found


def train(folder: Path, logdir: Path, label: str) -> None:
    """Write a curve as the code of an author does, and show it under a label."""
    from tensorboardX import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        for step in range(50):
            writer.add_scalar("loss/train", 1 / (step + 1), step)
    (logdir / label).symlink_to(folder)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.1)


async def test_without_the_package_for_programs(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    async with session.get(f"{await serve(Missing())}{PREFIX}/tensorboard/data/runs") as answer:
        assert answer.status == 501
        assert await answer.json() == {
            "code": 501,
            "message": "TensorBoard is not installed here: pip install 'deepaas[tensorboard]'",
            "error": "extra_missing",
        }


async def test_without_the_package_for_people(serve: Serve, session: aiohttp.ClientSession) -> None:
    url = f"{await serve(Missing())}{PREFIX}/tensorboard"
    async with session.get(url, headers={"Accept": "text/html,*/*;q=0.8"}) as answer:
        assert (answer.status, answer.content_type) == (501, "text/html")
        text = await answer.text()
    assert "<p>TensorBoard is not installed here.</p>" in text
    assert "<pre>pip install &#x27;deepaas[tensorboard]&#x27;</pre>" in text


async def test_the_folder_has_a_slash(serve: Serve, session: aiohttp.ClientSession) -> None:
    url = URL(f"{await serve(Missing())}{PREFIX}/tensorboard?runFilter=a%2Fb", encoded=True)
    async with session.get(url, allow_redirects=False) as answer:
        assert answer.status == 302
        # Relative to /base/tensorboard, whatever a proxy before the host calls that.
        assert answer.headers["Location"] == "./tensorboard/?runFilter=a%2Fb"
    async with session.get(url) as answer:
        assert answer.url.path == f"{PREFIX}/tensorboard/"


async def test_missing_package(board: TensorBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ExtraMissing):
        await board.address()


async def test_a_start_that_fails(tmp_path: Path, mark: str) -> None:
    board = TensorBoard(Path("/"), tmp_path / "tmp", "/tb", mark)  # A folder without a name.
    for _ in range(2):  # It is tried again the next time.
        with pytest.raises(UpstreamFailed, match=r"exited with code") as caught:
            await board.address()
        assert "logdir" in caught.value.details
    assert not marked(mark)


async def test_a_start_that_takes_too_long(
    board: TensorBoard, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepaas.workers.companion.START_SECONDS", 0.05)
    with pytest.raises(UpstreamFailed, match="did not start within"):
        await board.address()
    assert not marked(mark)


async def test_stop_while_it_starts(board: TensorBoard, mark: str) -> None:
    asking = asyncio.ensure_future(board.address())

    async def started() -> bool:
        return bool(await asyncio.to_thread(marked, mark))

    await until(started)
    await board.stop()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not marked(mark)


async def test_the_life_of_a_tensorboard(
    serve: Serve,
    session: aiohttp.ClientSession,
    board: TensorBoard,
    logdir: Path,
    mark: str,
    tmp_path: Path,
) -> None:
    train(tmp_path / "1", logdir, "first")
    base = f"{await serve(board)}{PREFIX}/tensorboard"

    async def runs() -> Any:
        async with session.get(f"{base}/data/runs") as answer:
            assert answer.status == 200
            return await answer.json()

    # Many at once, one of whom does not wait: one process.
    impatient = asyncio.ensure_future(runs())
    asking = [asyncio.ensure_future(runs()) for _ in range(5)]
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.gather(*asking)
    [process] = marked(mark)

    async def shows(label: str) -> bool:
        return label in await runs()

    await until(lambda: shows("first"))
    train(tmp_path / "2", logdir, "second")
    await until(lambda: shows("second"))

    async with session.post(
        f"{base}/data/plugin/timeseries/timeSeries",
        data={"requests": '[{"plugin": "scalars", "tag": "loss/train"}]'},
    ) as answer:
        [series] = await answer.json()
    assert len(series["runToSeries"]["first"]) == 50

    process.send_signal(signal.SIGKILL)

    async def dead() -> bool:
        return not process.is_running()

    await until(dead)
    address = await asyncio.gather(board.address(), board.address())
    await until(lambda: shows("first"))
    assert address[0] == address[1]
    assert [other.pid for other in marked(mark)] != [process.pid]
    await board.stop()
    assert not marked(mark)
    await board.stop()


async def test_nothing_survives_a_host_that_is_killed(logdir: Path) -> None:
    host_mark = secrets.token_hex(8)
    host = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOST, logdir, host_mark, logdir.parent / "tmp"),
        stdout=subprocess.PIPE,
    )
    assert host.stdout
    assert (await host.stdout.readline()).startswith(b"http://127.0.0.1:")
    assert len(marked(host_mark)) == 1
    host.kill()
    await host.wait()

    async def gone() -> bool:
        return not await asyncio.to_thread(marked, host_mark)

    await until(gone)


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.mark.browser
@pytest.mark.slow
async def test_curves_in_a_browser(
    serve: Serve, board: TensorBoard, logdir: Path, tmp_path: Path, browser: Browser
) -> None:
    train(tmp_path / "1", logdir, "demo (1)")
    train(tmp_path / "2", logdir, "demo (1) too")
    base = await serve(board)
    page = await browser.new_page()
    problems: list[str] = []
    watch(page, problems)
    await page.goto(base + tensorboard.link(PREFIX, "demo (1)"))
    # Its run alone, with its curve.
    await expect(page.locator("runs-data-table")).to_contain_text("demo (1)", timeout=20_000)
    await expect(page.locator("runs-data-table")).not_to_contain_text("too")
    await expect(page.locator("scalar-card")).to_have_count(1)
    await expect(page.locator("scalar-card")).to_contain_text("loss/train")
    await expect(page.locator("scalar-card")).to_contain_text("0.02")
    await page.wait_for_load_state("networkidle")
    await page.screenshot(path=tmp_path / "tensorboard.png")
    assert not problems


def watch(page: Page, problems: list[str]) -> None:
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request",
        lambda request: (
            problems.append(request.url)
            if urlsplit(request.url).hostname not in ("127.0.0.1", None, "")
            else None
        ),
    )
