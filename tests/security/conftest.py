"""What attacks need: a real browser in which names of `.test` lead to this machine, and a site of
somebody else's in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from support.chromium import FLAGS, PROGRAM

HABITS = ("HttpsUpgrades", "LocalNetworkAccessChecks", "BlockInsecurePrivateNetworkRequests")
"""Of Chromium alone, which would hide what other browsers do."""

NAMES = [
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    f"--disable-features={','.join(HABITS)}",
]


class Stranger:
    """The site `http://evil.test`, and a browser that visits it.

    Attributes:
        context: the browser's profile.
        url: of the site, without a slash.
    """

    def __init__(self, context: BrowserContext, url: str, pages: dict[str, str]) -> None:
        self.context = context
        self.url = url
        self._pages = pages

    async def show(self, html: str) -> Page:
        """Have the browser visit a page of the site."""
        path = f"/{len(self._pages)}"
        self._pages[path] = f"<!doctype html><meta charset=utf-8><title>evil</title>{html}"
        page = await self.context.new_page()
        await page.goto(self.url + path)
        return page


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PROGRAM, args=[*FLAGS, *NAMES])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(chromium: Browser) -> AsyncIterator[Stranger]:
    """Fresh for each test."""
    pages: dict[str, str] = {}

    async def show(request: web.Request) -> web.Response:
        if request.path not in pages:
            raise web.HTTPNotFound
        return web.Response(text=pages[request.path], content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", show)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    context = await chromium.new_context()
    yield Stranger(context, f"http://evil.test:{runner.addresses[0][1]}", pages)
    await context.close()
    await runner.cleanup()
