"""The Train tab as a visitor uses it, against real hosts."""

from __future__ import annotations

import re
import socket
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from compat.hosts import serving
from compat.peer import peer_program
from failures.host import Host, start_host
from failures.waiting import wait_until
from playwright.async_api import Locator, Page, Request, expect

from deepaas.client.api import Api
from deepaas.ui.server import build

TRAINED_SECONDS = 90
"""What a few epochs of demo_app take on a machine that is busy with other tests."""

PHONE = {"width": 390, "height": 800}


@contextmanager
def page_for(host_url: str, name: str) -> Iterator[str]:
    """The page of a model, as `deepaas-ui` serves it."""
    config = uvicorn.Config(build(Api(host_url)), log_level="critical", ws="none")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(config)
        # The tests' own loop runs in this thread.
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            wait_until(lambda: server.started, "the page is served")
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/{name}/"
        finally:
            server.should_exit = server.force_exit = True
            thread.join()


class Tab:
    """The tab in the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.start = page.get_by_role("button", name="Start training")
        self.rows = page.get_by_role("region", name="Trainings").locator("tbody tr")
        self.plots = page.locator("figure")
        self.log = page.get_by_role("log")
        self.looks: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if "/run/" in request.url:
            self.looks.append(request.url)

    async def open(self, url: str) -> None:
        await self.page.goto(url)
        await self.page.get_by_role("tab", name="Train").click()

    async def fill(self, **values: object) -> None:
        for name, value in values.items():
            # A slider has its box for numbers beside it.
            label = self.page.get_by_label(re.compile(rf"^\s*(number input for )?{name}\b"))
            box = label.and_(self.page.locator("input:not([type=range]), textarea"))
            await box.locator("visible=true").first.fill(str(value))

    async def begin(self, **values: object) -> Locator:
        """Start a training; its row."""
        before_count = await self.rows.count()
        await self.fill(**values)
        await self.start.click()
        await expect(self.rows).to_have_count(before_count + 1)
        await expect(self.rows.first.get_by_role("checkbox")).to_be_checked()
        return self.rows.first

    async def points(self, metric: str, color: int = 0) -> int:
        """How many points of a curve are drawn."""
        plot = self.plots.filter(has=self.page.get_by_text(metric, exact=True))
        return await plot.locator(f"circle.c{color}").count()

    async def has_points(self, metric: str, count: int, color: int = 0) -> None:
        plot = self.plots.filter(has=self.page.get_by_text(metric, exact=True))
        await expect(plot.locator(f"circle.c{color}")).to_have_count(count)


@pytest.fixture
def tab(page: Page) -> Tab:
    return Tab(page)


@pytest.fixture
def host() -> Iterator[Host]:
    with start_host(["trains"]) as host:
        yield host


@pytest.fixture
def url(host: Host) -> Iterator[str]:
    with page_for(host.url, "trains") as url:
        yield url


async def test_watched_to_the_end(tab: Tab, host: Host, url: str, tmp_path: Path) -> None:
    await tab.open(url)
    await expect(tab.page.get_by_text("No trainings yet.")).to_be_visible()
    row = await tab.begin(how="steps", text="a", count=3)
    await expect(row).to_contain_text("running")
    host.touch("a-0")
    await expect(row).to_contain_text("1/3 · step 0")
    await expect(tab.log).to_contain_text("step 0")
    await tab.has_points("loss", 1)
    await expect(tab.page.get_by_role("progressbar")).to_have_attribute("value", "0.3333")
    host.touch("a-1")
    await tab.has_points("loss", 2)
    host.touch("a-2")
    await expect(row).to_contain_text("done")
    await expect(row).to_contain_text("3/3 · step 2")
    await tab.has_points("loss", 3)
    await expect(tab.log).to_contain_text("step 2")
    await expect(tab.page.get_by_label("Result of")).to_contain_text('{"steps": 3}')
    await expect(tab.page.get_by_role("progressbar")).to_have_count(0)
    await expect(tab.page.get_by_role("button", name="Cancel")).to_have_count(0)

    for number in range(2):
        host.touch(f"b-{number}")
    row = await tab.begin(how="steps", text="b", count=2)
    await expect(row).to_contain_text("done")
    await tab.has_points("loss", 2)
    # Both over each other: the one that was picked first keeps its colour.
    await tab.rows.last.get_by_role("checkbox").check()
    await tab.has_points("loss", 2, color=0)
    await tab.has_points("loss", 3, color=1)
    await expect(tab.plots.locator(".legend li")).to_have_count(2)
    await expect(tab.page.get_by_role("img", name="loss:")).to_be_visible()
    await expect(tab.log).to_contain_text("step 2")
    ticks = tab.plots.locator("text.y")
    places = [await tick.get_attribute("y") for tick in await ticks.all()]
    await tab.page.get_by_label("Logarithmic scale").check()
    await expect(ticks.first).not_to_have_attribute("y", places[0] or "")
    await tab.page.screenshot(path=tmp_path / "both.png", full_page=True)


async def test_cancel(tab: Tab, host: Host, url: str) -> None:
    await tab.open(url)
    row = await tab.begin(how="waits", text="w")
    await expect(tab.log).to_contain_text("waiting")
    await tab.page.get_by_role("button", name="Cancel").click()
    await expect(row).to_contain_text("cancelled")
    await expect(tab.page.get_by_text("cancelled on request.")).to_be_visible()
    assert host.journal() == ["begins w", "leaves w"]
    await expect(tab.page.get_by_role("button", name="Cancel")).to_have_count(0)


async def test_several_are_cancelled_at_once(tab: Tab, url: str) -> None:
    await tab.open(url)
    await tab.begin(how="waits", text="one")
    await tab.begin(how="waits", text="two")
    await tab.rows.last.get_by_role("checkbox").check()
    await tab.page.get_by_role("button", name="Cancel 2 trainings").click()
    for number in range(2):
        await expect(tab.rows.nth(number)).to_contain_text("cancelled")


async def test_a_failure_tells_why(tab: Tab, url: str) -> None:
    await tab.open(url)
    row = await tab.begin(how="raises", text="<b>on</b> purpose")
    await expect(row).to_contain_text("error")
    await expect(tab.page.get_by_label("Message of")).to_contain_text("<b>on</b> purpose")
    await expect(tab.log).to_contain_text("ValueError")


async def test_by_keyboard(tab: Tab, url: str) -> None:
    await tab.open(url)
    await tab.fill(how="waits", text="k")
    await tab.start.focus()
    await tab.page.keyboard.press("Enter")
    box = tab.rows.first.get_by_role("checkbox")
    await expect(box).to_be_checked()
    await box.focus()
    await tab.page.keyboard.press("Space")
    await expect(tab.page.get_by_text("Tick trainings in the table")).to_be_visible()
    await tab.page.keyboard.press("Space")
    cancel = tab.page.get_by_role("button", name="Cancel")
    await cancel.focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.rows.first).to_contain_text("cancelled")


async def test_the_host_is_asked_only_while_somebody_looks(tab: Tab, url: str) -> None:
    await tab.page.clock.install()
    await tab.open(url)
    await tab.page.clock.run_for(1_000)
    await expect(tab.page.get_by_text("No trainings yet.")).to_be_visible()
    looked_count = len(tab.looks)
    await tab.page.get_by_role("tab", name="Predict").click()
    await tab.page.clock.run_for(60_000)
    assert len(tab.looks) == looked_count
    await tab.page.get_by_role("tab", name="Train").click()
    async with tab.page.expect_request("**/run/**"):
        await tab.page.clock.run_for(1_000)


async def test_a_host_that_has_gone(tab: Tab, host: Host, url: str) -> None:
    await tab.open(url)
    await tab.begin()
    await expect(tab.rows.first).to_contain_text("done")
    host.stop()
    await expect(tab.page.get_by_role("alert")).to_contain_text("The host does not answer")
    await expect(tab.rows).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone(tab: Tab, host: Host, url: str, tmp_path: Path, scheme: str) -> None:
    await tab.page.set_viewport_size(PHONE)
    await tab.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await tab.open(url)
    for number in range(3):
        host.touch(f"a-{number}")
    await tab.begin(how="steps", text="a", count=3)
    await tab.has_points("loss", 3)
    await expect(tab.log).to_contain_text("step 2")
    await tab.page.screenshot(path=tmp_path / "phone.png", full_page=True)
    width = await tab.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]


async def test_demo_app(tab: Tab, tmp_path: Path) -> None:
    with (
        # PyTorch leaves a folder for its cache in the temporary folder.
        start_host([], "--model-name", "demo_app", tmp=tmp_path) as host,
        page_for(host.url, "demo_app") as url,
    ):
        await tab.open(url)
        await expect(tab.page.get_by_text("No trainings yet.")).to_be_visible()
        await tab.fill(name="no name", epochs=3, copies=0)
        await tab.start.click()
        await expect(tab.page.get_by_role("alert")).to_contain_text("Not started.")
        complaint = tab.page.get_by_text("Letters, digits, '.', '_', '-' only.")
        await expect(complaint).to_be_visible()

        row = await tab.begin(name="quick")
        await expect(complaint).to_have_count(0)
        await expect(row).to_contain_text("done", timeout=TRAINED_SECONDS * 1000)
        await expect(row).to_contain_text("3/3 · validation accuracy")
        await expect(tab.plots).to_have_count(4)
        await tab.has_points("loss/validation", 3)
        await expect(tab.log).to_contain_text("epoch   3")
        await _assert_files(tab, host, tmp_path)

        await tab.begin(name="slow", epochs=200, learning_rate=0.01, copies=0)
        await tab.rows.last.get_by_role("checkbox").check()
        # Picked last, the new one has its log and its files shown.
        await tab.rows.first.get_by_role("checkbox").uncheck()
        await tab.rows.first.get_by_role("checkbox").check()
        await expect(tab.plots.first.locator("circle.c1").nth(11)).to_be_attached(
            timeout=TRAINED_SECONDS * 1000
        )
        await expect(tab.page.get_by_role("heading", name="Log of")).to_be_visible()
        await tab.page.screenshot(path=tmp_path / "train.png", full_page=True)
        await tab.page.get_by_role("button", name="Cancel").click()
        await expect(tab.rows.first).to_contain_text("cancelled")


async def _assert_files(tab: Tab, host: Host, folder: Path) -> None:
    run = host.get("/v2/models/demo_app/train/").json()[0]
    links = {link["rel"]: link["href"] for link in run["links"]}
    weights = host.get(f"{links['files']}quick.pt").body
    async with tab.page.expect_download() as download:
        await tab.page.get_by_role("link", name="quick.pt").click()
    saved = folder / "quick.pt"
    await (await download.value).save_as(saved)
    assert saved.read_bytes() == weights
    async with tab.page.expect_download() as download:
        await tab.page.get_by_role("link", name="All files").click()
    await (await download.value).save_as(folder / "all.zip")
    with zipfile.ZipFile(folder / "all.zip") as archive:
        assert any(name.endswith("quick.pt") for name in archive.namelist())
    link = tab.page.get_by_role("link", name="TensorBoard")
    assert await link.get_attribute("href") == f"{host.url}{links['tensorboard']}"


async def test_deepaas_26(tab: Tab, tmp_path: Path) -> None:
    acts = {"acts": "training_models.acts"}
    with (
        serving(peer_program(), acts, tmp_path / "theirs") as host,
        page_for(f"http://127.0.0.1:{host.port}", "acts") as url,
    ):
        await tab.open(url)
        row = await tab.begin(act="count")
        await expect(row).to_contain_text("done")
        await expect(row).to_contain_text("0:00:0")
        await expect(tab.page.get_by_label("Result of")).to_contain_text("1")
        await expect(tab.page.get_by_text("it speaks DEEPaaS 2.6")).to_be_visible()
        for heading in ("Metrics", "Files of", "Log of"):
            await expect(tab.page.get_by_role("heading", name=heading)).to_have_count(0)
        row = await tab.begin(act="fail", text="on purpose")
        await expect(row).to_contain_text("error")
        await expect(tab.page.get_by_label("Message of")).to_contain_text("on purpose")
        await tab.begin(act="wait", text="w")
        await tab.page.get_by_role("button", name="Cancel").click()
        await expect(tab.page.get_by_text("this host keeps nothing of it")).to_be_visible()
        await expect(tab.rows).to_have_count(2)
