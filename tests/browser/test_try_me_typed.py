"""Typed predictors in a visitor's browser: a file for a file, and an answer that grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.try_me import START_SECONDS, attach, downloaded, run, run_button, seen, visit
from cog_runtime.conftest import hosting, path_of, wait_for_state
from compat.hosts import Host
from PIL import Image
from playwright.async_api import Page, expect
from support.waiting import wait_until

MODELS = ("Draws", "Speaks", "Finds")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("typed")
    with hosting(folder, *(path_of(name) for name in MODELS), options=("--ui",)) as host:
        for name in MODELS:
            wait_for_state(host, name, "ready")
        wait_until(lambda: _is_served(host), "the page", START_SECONDS)
        yield host


def _is_served(host: Host) -> bool:
    try:
        return host.get("/try-me/", timeout_seconds=30).status == 200
    except OSError:
        return False


def url_of(host: Host) -> str:
    return f"http://127.0.0.1:{host.port}/try-me"


async def test_file_for_a_file(page: Page, host: Host, tmp_path: Path) -> None:
    sent = tmp_path / "sent.png"
    Image.new("RGB", (64, 64), "red").save(sent)
    await visit(page, url_of(host), "Draws")
    await expect(page.get_by_text("an image to begin with")).to_be_visible()
    await attach(page, "image", sent)
    await run(page)
    await seen(page.get_by_role("img", name="The answer"), 64)
    file = page.locator(".block").filter(has_text="The answer as a file")
    assert await downloaded(page, file.get_by_role("link")) == sent.read_bytes()


async def test_text_grows_while_it_comes(page: Page, host: Host) -> None:
    await visit(page, url_of(host), "Speaks")
    await page.get_by_label("text (required)").fill("one two")
    await page.get_by_label("gate", exact=True).fill("in_browser")
    await run_button(page).click()
    answer = page.get_by_label("Answer", exact=True)
    await expect(answer).to_have_value("one ")
    await expect(page.get_by_text("The answer is coming")).to_be_visible()
    (host.folder / "test/in_browser").touch()
    await expect(answer).to_have_value("one two ")
    await expect(page.get_by_text("Done", exact=True)).to_be_visible()


async def test_failure_leaves_what_has_come(page: Page, host: Host) -> None:
    await visit(page, url_of(host), "Speaks")
    await page.get_by_label("text (required)").fill("only this")
    await page.get_by_label("fail", exact=True).check()
    await run_button(page).click()
    await expect(page.get_by_role("alert")).to_contain_text("lost the thread")
    await expect(page.get_by_label("Answer", exact=True)).to_have_value("only this ")


async def test_named_fields(page: Page, host: Host) -> None:
    await visit(page, url_of(host), "Finds")
    await run(page)
    await expect(page.get_by_text("cat").first).to_be_visible()
