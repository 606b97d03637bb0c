"""The try-me page where people meet it: behind the host's port, and behind nginx with TLS."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from browser.train_tab import Tab
from browser.try_me import START_SECONDS
from compat.hosts import Host, started, wait_until_ready
from compat.peer import our_program
from gradio_client import Client, handle_file
from playwright.async_api import Page, expect
from support import host as failures_host
from support.nginx import nginx
from support.waiting import wait_until

PREFIX = "/base"
MODELS = {"echo": "echo", "gated": "gated", "trains": "trains"}
CONTENT = b"What is sent comes to the model as it is.\n" * 100_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("try-me")
    environment = {
        "PYTHONPATH": failures_host.expose(MODELS, folder / "models"),
        "DEEPAAS_TEST_DIR": str(folder),
        "DEEPAAS_V2_MODEL": ",".join(MODELS),  # Beside them demo_app is installed.
    }
    options = ("--base-path", PREFIX, "--trusted-proxy=127.0.0.1")
    program = our_program()
    with started(program, {}, folder / "host", *options, environment=environment) as host:
        wait_until_ready(host, PREFIX)
        yield host
        page_of(host)  # It has lived until now.
        host.process.terminate()
        assert host.process.wait(20) == 0
        assert not host.family()
        assert not list((host.folder / "tmp").iterdir())


@pytest.fixture(scope="module")
def tls(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with nginx(tmp_path_factory.mktemp("proxy") / "nginx", host.port, PREFIX) as url:
        yield url


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "content.bin"
    path.write_bytes(CONTENT)
    return path


def page_of(host: Host) -> psutil.Process:
    [process] = [each for each in host.family() if "deepaas.cmd.ui" in each.cmdline()]
    return process


class Seen:
    """What a page has asked for, and what it complains of."""

    def __init__(self, page: Page) -> None:
        self.origins: set[str] = set()
        self.problems: list[str] = []
        page.on("request", lambda request: self.origins.add(_origin(request.url)))
        page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on(
            "response",
            lambda answer: (
                self.problems.append(f"{answer.status} {answer.url}")
                if answer.status >= 400
                else None
            ),
        )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


async def predict(page: Page, upload: Path) -> None:
    """Send a file to `echo`, and see what it says of it."""
    await expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    await page.locator("input[type=file]").first.set_input_files(upload)
    await expect(page.get_by_role("cell", name="content.bin")).to_be_visible()
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(page.get_by_text(SHA256).first).to_be_visible()


async def test_from_the_landing_page(page: Page, host: Host, upload: Path) -> None:
    seen = Seen(page)
    url = f"http://127.0.0.1:{host.port}"
    # The first visitor sees that it is being started, and then the page without doing anything.
    # (The landing page would start it, and it could be there before the click.)
    response = await page.goto(f"{url}{PREFIX}/try-me/")
    assert response is not None and response.status == 202
    models = page.get_by_text(f"{len(MODELS)} models")
    await expect(models).to_be_visible(timeout=START_SECONDS * 1000)
    await page.goto(f"{url}{PREFIX}/")
    await page.get_by_role("navigation").get_by_role("link", name="Try me").click()
    await expect(models).to_be_visible()
    await page.get_by_role("link", name="Try echo").click()
    await predict(page, upload)
    assert page.url == f"{url}{PREFIX}/try-me/echo/"
    # What was sent can be had back, from where the page is.
    async with page.expect_download() as downloading:
        await page.locator("a[download]").first.click()
    assert Path(await (await downloading.value).path()).read_bytes() == CONTENT
    assert seen.origins - {""} == {url}
    assert not seen.problems


async def test_behind_nginx_with_tls(page: Page, tls: str, upload: Path) -> None:
    seen = Seen(page)
    await page.goto(f"{tls}{PREFIX}/try-me/echo", timeout=START_SECONDS * 1000)
    await predict(page, upload)
    async with page.expect_download() as downloading:
        await page.locator("a[download]").first.click()
    assert Path(await (await downloading.value).path()).read_bytes() == CONTENT
    # Nothing by http, and nothing from elsewhere.
    assert seen.origins - {""} == {tls}
    assert not seen.problems


async def test_a_training_behind_nginx_with_tls(page: Page, tls: str, host: Host) -> None:
    seen = Seen(page)
    tab = Tab(page)
    await tab.open(f"{tls}{PREFIX}/try-me/trains/")
    row = await tab.begin(how="steps", text="tls", count=2)
    home = host.folder.parent
    for number in range(2):
        (home / f"tls-{number}").touch()
        await tab.has_points("loss", number + 1)
    await expect(row).to_contain_text("done")
    await expect(tab.log).to_contain_text("step 1")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="events.out").first.click()
    assert b"loss" in Path(await (await downloading.value).path()).read_bytes()
    async with page.expect_popup() as opening:
        await page.get_by_role("main").get_by_role("link", name="TensorBoard").click()
    board = await opening.value
    await expect(board).to_have_title("TensorBoard", timeout=START_SECONDS * 1000)
    assert board.url.startswith(f"{tls}{PREFIX}/")
    assert seen.origins - {""} == {tls}
    assert not seen.problems


async def test_a_visitor_who_leaves(page: Page, host: Host) -> None:
    """Nobody waits for the call any more: the model is not to work on it for ever."""
    await page.goto(f"http://127.0.0.1:{host.port}{PREFIX}/try-me/gated/")
    await page.get_by_label("label").first.fill("left")
    await page.get_by_label("gate").first.fill("never")
    await page.get_by_role("button", name="Run", exact=True).click()
    journal = host.folder.parent / "journal"
    await asyncio.to_thread(
        wait_until, lambda: journal.exists() and "start left" in journal.read_text(), "it begins"
    )
    await page.close()

    # It has one worker, which is free for the next.
    answer = await asyncio.to_thread(
        host.ask, "POST", f"{PREFIX}/v2/models/gated/predict/?label=next"
    )
    assert answer.status == 200


async def test_gradio_client(host: Host, upload: Path) -> None:
    await asyncio.to_thread(call, host, upload)


def call(host: Host, upload: Path) -> None:
    client = Client(f"http://127.0.0.1:{host.port}{PREFIX}/try-me/echo/", verbose=False)
    assert "/predict" in client.view_api(return_format="dict")["named_endpoints"]
    answer = client.predict(handle_file(str(upload)), "keep", api_name="/predict")
    assert SHA256 in str(answer)
    client.close()


async def test_the_command_with_deepaas_2(page: Page, theirs: str, upload: Path) -> None:
    seen = Seen(page)
    await page.goto(theirs)
    await page.get_by_role("link", name="Try echo").click()
    await predict(page, upload)
    assert seen.origins - {""} == {theirs}
    assert not seen.problems
