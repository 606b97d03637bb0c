"""What can be read on a line of 50 kB/s while the rest is on its way."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, Request, expect

BYTES_PER_SECOND = 50_000
READABLE_SECONDS = 2


class Line:
    """A slow line to a page, and what has come over it so far."""

    def __init__(self, page: Page) -> None:
        self.bytes_count = 0
        self.scripts: list[str] = []
        self._page = page
        page.on("requestfinished", self._finished)

    async def slow_down(self) -> None:
        devtools = await self._page.context.new_cdp_session(self._page)
        devtools.on("Network.dataReceived", self._received)
        await devtools.send("Network.enable")
        await devtools.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 20,
                "downloadThroughput": BYTES_PER_SECOND,
                "uploadThroughput": BYTES_PER_SECOND,
            },
        )

    def _finished(self, request: Request) -> None:
        if request.resource_type == "script":
            self.scripts.append(request.url)

    def _received(self, event: dict[str, int]) -> None:
        self.bytes_count += event["encodedDataLength"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "Takes every kind of argument"),
        ("/api", "Loading DEEPaaS V2 API"),
        ("/try-me/", "Takes every kind of argument"),
        ("/try-me/every_argument/", "Takes every kind of argument"),
        ("/try-me/every_output/", "Loading the form"),
    ],
)
async def test_text_is_there_before_the_scripts(
    browser: Browser, ours: str, path: str, words: str
) -> None:
    page = await browser.new_page()
    line = Line(page)
    await line.slow_down()
    await page.goto(f"{ours.removesuffix('/try-me')}{path}", wait_until="commit")
    await expect(page.get_by_text(words).first).to_be_visible()
    come, scripts = line.bytes_count, list(line.scripts)
    await expect(page.get_by_role("link", name="DEEPaaS", exact=True)).to_be_visible()
    assert scripts == []
    assert come < READABLE_SECONDS * BYTES_PER_SECOND
    await page.close()


async def test_what_has_hashes_in_its_name_is_kept(browser: Browser, ours: str) -> None:
    page = await browser.new_page()
    kept: dict[str, str] = {}
    page.on(
        "response",
        lambda one: (
            kept.update({one.url: one.headers.get("cache-control", "")})
            if one.request.resource_type in ("script", "stylesheet")
            else None
        ),
    )
    await page.goto(f"{ours}/every_output/")
    await expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    await expect(page.get_by_text("Loading the form")).to_be_hidden()
    await page.goto(f"{ours.removesuffix('/try-me')}/api")
    await expect(page.locator(".opblock").first).to_be_visible()
    of_pages = [held for url, held in kept.items() if "/assets/" in url or "/swagger/" in url]
    assert len(of_pages) > 10
    assert all("immutable" in held for held in of_pages)
    await page.close()
