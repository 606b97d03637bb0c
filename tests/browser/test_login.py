"""Somebody with a key logs in with a browser, uses the pages of a host, and logs out."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from axe_playwright_python.base import AXE_FILE_PATH
from browser.train_tab import Tab
from browser.try_me import run
from playwright.async_api import Browser, Page, expect
from support import client
from support.host import Host, start_host

from deepaas.access import key_file
from deepaas.access.keys import new_key, now
from deepaas.access.principal import ALL_RIGHTS, Right

MODEL = "trains"
PAGE = f"/try-me/{MODEL}/"


@dataclass
class Guarded:
    """A host with keys, by name."""

    host: Host
    keys: dict[str, str]
    file: Path

    @property
    def url(self) -> str:
        return self.host.url


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    keys = {}
    rights = {
        "everything": ALL_RIGHTS,
        "predicts": {Right.READ, Right.PREDICT},
        "reads": {Right.READ},
        "revoked": ALL_RIGHTS,
        "trains": {Right.READ, Right.PREDICT, Right.TRAIN},
    }
    with key_file.changing(file) as records:
        for name, of_key in rights.items():
            keys[name], record = new_key(name, of_key)
            records.append(record)
    with start_host([MODEL], f"--keys-file={file}") as host:
        yield Guarded(host, keys, file)
        assert "Traceback" not in host.log()
        for key in keys.values():
            assert key not in host.log()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(reduced_motion="reduce")
    page = await context.new_page()
    page.set_default_timeout(60_000)
    yield page
    await context.close()


async def log_in(page: Page, key: str) -> None:
    await page.get_by_label("Key").fill(key)
    await page.get_by_role("button", name="Log in").click()


async def assert_accessible(page: Page) -> None:
    await page.evaluate(AXE_FILE_PATH.read_text())
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme=scheme)
        found = await page.evaluate("axe.run({resultTypes: ['violations']})")
        assert found["violations"] == [], scheme


async def picture(page: Page, name: str) -> None:
    """For somebody who wants to look at it."""
    if folder := os.environ.get("LOGIN_IMAGES"):
        await page.screenshot(path=Path(folder, f"{name}.png"))


async def test_from_logging_in_to_logging_out(guarded: Guarded, visitor: Page) -> None:
    page = visitor
    await page.goto(f"{guarded.url}{PAGE}?a=1")
    await expect(page).to_have_url(f"{guarded.url}/login?next=%2Ftry-me%2F{MODEL}%2F%3Fa%3D1")
    await assert_accessible(page)
    await page.emulate_media(color_scheme="light")
    await picture(page, "login")
    await page.emulate_media(color_scheme="dark")
    await picture(page, "login-dark")
    await page.emulate_media(color_scheme="light")
    await log_in(page, guarded.keys["everything"])
    await expect(page).to_have_url(f"{guarded.url}{PAGE}?a=1")
    # The try-me page calls the host for whoever is logged in.
    await page.get_by_role("button", name="Run", exact=True).wait_for()
    await run(page)
    await expect(page.get_by_role("banner")).to_contain_text("everything")
    await picture(page, "try-me")
    tab = Tab(page)
    await tab.turn_to()
    await tab.begin()
    await expect(tab.rows.first).to_contain_text("done")
    for path in ("/", "/api"):
        await page.goto(f"{guarded.url}{path}")
        await expect(page.get_by_role("banner")).to_contain_text("everything")
    await page.locator(".opblock").first.wait_for()
    status = f"fetch('/v2/models/{MODEL}/predict/', {{method: 'POST'}}).then(a => a.status)"
    assert await page.evaluate(status) == 200
    assert await page.evaluate("document.cookie") == ""
    await page.goto(guarded.url)
    await expect(page.get_by_role("heading", name="Access")).to_be_visible()
    await assert_accessible(page)
    await picture(page, "start")
    (cookie,) = await page.context.cookies()
    await page.get_by_role("button", name="Log out").click()
    await expect(page).to_have_url(f"{guarded.url}/login")
    assert await page.context.cookies() == []
    await page.goto(f"{guarded.url}/api")
    await expect(page.get_by_label("Key")).to_be_visible()
    # Whoever has copied the cookie is logged out too.
    headers = {"Cookie": f"{cookie['name']}={cookie['value']}"}
    assert client.request(guarded.host.port, "GET", "/v2/models/", headers=headers).status == 401


async def test_curves_are_watched_with_a_key(guarded: Guarded, visitor: Page) -> None:
    """By somebody who may do what this needs, and nothing else."""
    page, host = visitor, guarded.host
    await page.goto(f"{guarded.url}{PAGE}")
    await log_in(page, guarded.keys["trains"])
    await page.get_by_role("button", name="Run", exact=True).wait_for()
    await run(page)
    tab = Tab(page)
    await tab.turn_to()
    row = await tab.begin(how="steps", text="curve", count=3)
    for number in range(2):
        host.touch(f"curve-{number}")
        await tab.has_points("loss", number + 1)
    await expect(row).to_contain_text("running")
    host.touch("curve-2")
    await expect(row).to_contain_text("done")
    await tab.has_points("loss", 3)
    await expect(page.get_by_role("img", name="loss:")).to_be_visible()
    await picture(page, "curves")
    if find_spec("tensorboard"):
        link = page.get_by_role("main").get_by_role("link", name="TensorBoard")
        await page.goto(await link.evaluate("one => one.href"))
        card = page.locator("card-view").filter(has_text="loss")
        await expect(card).to_contain_text("0.3333")
        await expect(card.locator("line-chart canvas, line-chart svg").first).to_be_visible()
        await picture(page, "curves-tensorboard")
    await page.goto(guarded.url)
    await expect(page.get_by_role("heading", name="Models")).to_be_visible()
    await expect(page.get_by_role("heading", name="Access")).to_have_count(0)
    await page.get_by_role("button", name="Log out").click()
    for path in (PAGE, "/tensorboard/"):
        await page.goto(f"{guarded.url}{path}")
        await expect(page.get_by_label("Key")).to_be_visible()


async def test_a_wrong_key_is_told_so(guarded: Guarded, visitor: Page) -> None:
    await visitor.goto(f"{guarded.url}/login")
    for key in ("a-wrong-one", guarded.keys["everything"][:-1]):
        await log_in(visitor, key)
        await expect(visitor.get_by_role("alert")).to_contain_text("This key is not valid")
        await assert_accessible(visitor)
        assert await visitor.context.cookies() == []
        assert key not in await visitor.content()
    await picture(visitor, "wrong")


async def test_a_key_without_train_sees_no_train_tab(guarded: Guarded, visitor: Page) -> None:
    await visitor.goto(f"{guarded.url}{PAGE}")
    await log_in(visitor, guarded.keys["predicts"])
    await visitor.get_by_role("button", name="Run", exact=True).wait_for()
    await run(visitor)
    await expect(visitor.get_by_role("tab", name="Train")).to_have_count(0)
    await expect(visitor.get_by_role("button", name="Start training")).to_have_count(0)
    await visitor.goto(f"{guarded.url}/tensorboard/")
    await expect(visitor.locator("main")).to_contain_text("does not have the right 'train'")


async def test_a_session_ends_with_its_key(guarded: Guarded, visitor: Page) -> None:
    await visitor.goto(f"{guarded.url}/login")
    await log_in(visitor, guarded.keys["revoked"])
    await expect(visitor.get_by_role("heading", name="Models")).to_be_visible()
    with key_file.changing(guarded.file) as records:
        records[3] = msgspec.structs.replace(records[3], revoked=now() - timedelta(seconds=5))
    guarded.host.wait_for_log("read 5 keys")
    await visitor.reload()
    await expect(visitor.get_by_label("Key")).to_be_visible()


async def test_without_scripts_and_on_a_phone(guarded: Guarded, browser: Browser) -> None:
    context = await browser.new_context(
        java_script_enabled=False, viewport={"width": 320, "height": 640}
    )
    page = await context.new_page()
    await page.goto(f"{guarded.url}/")
    await picture(page, "phone")
    await log_in(page, guarded.keys["reads"])
    await expect(page.get_by_role("heading", name="Models")).to_be_visible()
    await picture(page, "phone-start")
    box = await page.get_by_role("button", name="Log out").bounding_box()
    assert box is not None and box["x"] + box["width"] <= 320
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_label("Key")).to_be_visible()
    await context.close()
