"""The try-me page as a visitor uses it: what its tests share."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from PIL import Image
from playwright.async_api import Locator, Page, expect
from support.host import Host
from support.waiting import wait_until

UI = [sys.executable, "-m", "deepaas.cmd.ui"]
START_SECONDS = 60
"""The page imports Gradio, on a machine that may be busy."""

Kept = Callable[[str, str], Awaitable[Page]]
"""Gives the page of a model, by the URL of all and the model's name."""

SERVED = ("every_argument", "every_output")
TRAINED = ("trains", "trains_slowly")
TYPED = ("Draws", "Speaks", "Finds")
SEVEN = Path(__file__).parents[2] / "docs" / "images" / "seven.png"


@contextmanager
def deepaas_ui(api_url: str, folder: Path) -> Iterator[str]:
    """The page in a process of its own, for the host at another URL; its URL without a slash."""
    log = folder / "ui.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*UI, "--api-url", api_url, "--listen-port", "0"],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | {"TMPDIR": str(folder)},
        )
    try:
        wait_until(lambda: "listens at" in log.read_text(), "the page listens", START_SECONDS)
        found = re.search(r"http://\S+", log.read_text())
        assert found
        yield found[0].rstrip("/")
        # Before it is stopped: a visitor who is still there then is cut off, and that is noted.
        assert "Traceback" not in log.read_text()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_started(host: Host) -> str:
    """The URL of the page behind a host's own port, without a slash, once there is one."""
    # With one model the overview leads to that.
    wait_until(lambda: host.get("/try-me/").status in (200, 302), "it is served", START_SECONDS)
    return f"{host.url}/try-me"


async def visit(page: Page, url: str, model: str) -> None:
    """Open the page of a model."""
    page.set_default_timeout(80_000)
    await page.goto(f"{url}/{model}/")
    await expect(run_button(page)).to_be_enabled()
    await unfold(page)


def fold(page: Page) -> Locator:
    """What unfolds the inputs that are rarely needed."""
    return page.get_by_role("button", name=re.compile(r"^More \(\d+\)")).locator("visible=true")


async def unfold(page: Page) -> None:
    """Show all inputs."""
    if await fold(page).count() and await fold(page).get_attribute("aria-expanded") != "true":
        await fold(page).click()


def run_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Run", exact=True)


async def run(page: Page) -> None:
    """Send what is filled in, and wait until there is an answer."""
    await run_button(page).click()
    await is_done(page)


async def is_done(page: Page) -> None:
    await expect(page.locator(".waiting")).to_have_text(re.compile(r"^Done: \d+\.\d s$"))


def block(page: Page, argument: str) -> Locator:
    """The input of an argument, with all that stands around it."""
    label = page.get_by_text(re.compile(rf"^\s*{argument}( \(required\))?( – JSON)?\s*$"))
    # A field of the answer may be called like it; inputs come first.
    return page.locator(".argument").filter(has=label).first


async def choose(page: Page, label: str, option: str | re.Pattern[str]) -> None:
    """Pick from a list."""
    await page.get_by_label(label, exact=True).click()
    await page.get_by_role("option", name=option, exact=True).click()


async def attach(page: Page, argument: str, *paths: Path) -> None:
    """Choose files as a visitor does, and wait until they are shown as uploaded."""
    place = block(page, argument)
    async with page.expect_file_chooser() as chooser:
        await place.get_by_role("button", name=re.compile("^(Drop|Click to upload)")).click()
    await (await chooser.value).set_files(list(paths))
    await expect(place.get_by_text("Click to Upload")).to_have_count(0)
    await expect(place.get_by_text("Uploading")).to_have_count(0)


async def echo(page: Page, text: str) -> Any:
    """What has arrived at `every_argument`, once this text has."""
    await page.get_by_label("text (required)").fill(text)
    await run(page)
    holder = page.locator(".json-holder")
    # The page may still show the answer of before.
    await expect(holder).to_contain_text(json.dumps(text))
    return json.loads(await holder.inner_text())


async def complaint(page: Page, argument: str) -> Locator:
    """Send what is filled in, and wait until something is wrong with this argument only."""
    await run_button(page).click()
    await expect(page.get_by_role("alert")).to_contain_text(argument)
    found = page.locator(".complaint")
    await expect(found).to_have_count(1)
    await expect(block(page, argument).locator(".complaint")).to_be_visible()
    return found


async def plays(player: Locator, medium: str) -> None:
    """Click on "play", and see that sound or pictures really run."""
    # Gradio keeps a second, empty element beside that of a sound.
    element = player.locator(f"{medium}[src]:not([src=''])")
    await expect(element).to_have_js_property("error", None)
    await expect(element).to_have_js_property("readyState", 4)
    assert 0 < await element.evaluate("one => one.duration") < 10
    await player.hover()
    await player.get_by_role("button", name=re.compile("^play", re.I)).click()
    runs = """one => new Promise(done => {
      const look = () => one.currentTime > 0 ? done(one.played.length) : setTimeout(look, 20);
      look();
    })"""
    assert await asyncio.wait_for(element.evaluate(runs), 20)


async def seen(image: Locator, width: int) -> None:
    """It is shown as it is; pictures are loaded only once they are in sight."""
    await image.scroll_into_view_if_needed()
    await expect(image).to_have_js_property("naturalWidth", width)


async def downloaded(page: Page, link: Locator) -> bytes:
    """What a link gives to save."""
    async with page.expect_download() as downloading:
        await link.click()
    return Path(await (await downloading.value).path()).read_bytes()


async def tab_to(page: Page, wanted: Locator, most: int = 60) -> None:
    """Press the Tab key until something has the focus."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"not reached with {most} times Tab: {wanted}")


async def assert_accessible(page: Page) -> None:
    """The automated check of axe has no serious complaint of what is shown, light and dark."""
    await page.evaluate(AXE_FILE_PATH.read_text())
    for scheme in ("light", "dark"):
        await look(page, dark=scheme == "dark")
        # Of all that is in order it would make a list, too.
        found = await page.evaluate("axe.run({resultTypes: ['violations']})")
        serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
        assert serious == [], f"{scheme}: {json.dumps(serious, indent=1)[:4000]}"


async def look(page: Page, *, dark: bool) -> None:
    """Change the colours that the visitor's system asks for, and wait until all have changed."""
    await page.emulate_media(color_scheme="dark" if dark else "light")
    await expect(page.locator("body.dark")).to_have_count(int(dark))
    await settled(page)


async def settled(page: Page) -> None:
    """Wait until no colour changes any more."""
    await page.evaluate(
        """Promise.allSettled(document.getAnimations()
          .filter(one => one instanceof CSSTransition).map(one => one.finished))"""
    )


async def picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep what is seen of the page, or all of it, for the docs.

    `TRY_ME_IMAGES=docs/images` renews those there: it takes seconds, and nobody looks at others.
    """
    if "TRY_ME_IMAGES" not in os.environ:
        return
    path = Path(os.environ["TRY_ME_IMAGES"], f"{name}.png")
    if whole:
        # What is loaded only once it is seen has to be seen.
        for image in await page.locator("img[loading=lazy]:visible").all():
            await image.scroll_into_view_if_needed()
        # In a window as tall as the page nothing would stand over the rest.
        await page.add_style_tag(content=".run-bar { position: static !important; }")
    await page.evaluate("document.fonts.ready.then(() => scrollTo(0, 0))")
    await page.mouse.move(0, 0)
    await page.screenshot(path=path, full_page=whole, animations="disabled")
    with Image.open(path) as taken:
        taken.convert("RGB").save(path, optimize=True)
