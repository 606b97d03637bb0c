"""What attacks need: hosts that several modules attack, a real browser in which names of `.test`
lead to this machine, and a site of somebody else's in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import web
from support.chromium import FLAGS, PROGRAM
from support.host import Host, free_port, start_host
from support.waiting import wait_until

from security import foreign

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

HABITS = (
    *("HttpsUpgrades", "LocalNetworkAccessChecks", "BlockInsecurePrivateNetworkRequests"),
    "SpareRendererForSitePerProcess",
)
"""Of Chromium alone, which would hide what other browsers do, or start processes in advance."""

NAMES = [
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    f"--disable-features={','.join(HABITS)}",
]


# --- hosts ---
# Modules that use the same one are in the same xdist_group, so that it is started once.


@pytest.fixture(scope="session")
def speaking() -> Iterator[Host]:
    """A host of which nobody else's page may make anything; group `strangers`."""
    options = ("--cog-shutdown", "--allowed-host", foreign.OUR_NAME)
    with start_host([foreign.MODEL], *options) as host:
        yield host
        assert "Traceback" not in host.log()
        assert "predict owned" not in host.journal()


@pytest.fixture(scope="session")
def friendly(site_port: int) -> Iterator[Host]:
    """One that allows some origins and some names; group `strangers`."""
    origins = ["https://example.org", "http://a.test:8080", f"http://friend.test:{site_port}"]
    names = ["models.example.org", "only.example.org:8443", ".example.net"]
    options = [f"--allowed-origin={origin}" for origin in origins]
    options += [f"--allowed-host={name}" for name in names]
    with start_host([foreign.MODEL], *options, "--no-ui", "--no-train-endpoint") as host:
        yield host


@pytest.fixture(scope="session")
def training(speaking: Host) -> str:
    """Path of a training that has ended, in whose arguments stands a script."""
    path = f"/v2/models/{foreign.MODEL}/train/"
    begun = foreign.send(speaking, "POST", f"{path}?name=%3Cimg%20src=x%20onerror=alert()%3E", {})
    run: str = begun.json()["uuid"]
    wait_until(lambda: speaking.get(path + run).json()["status"] == "done", "it has ended", 60)
    return path + run


@pytest.fixture(scope="session")
def paged() -> Iterator[Host]:
    """One whose try-me pages are attacked, without any option about visitors; group `paged`."""
    with start_host(["every_argument", "trains"], "--debug") as host:
        for path in ("/try-me/every_argument/config", "/tensorboard/data/logdir"):
            assert host.get(path, timeout=120).status == 200
        yield host
        assert "Traceback" not in host.log()


@pytest.fixture(scope="session")
def running() -> Iterator[Host]:
    """One whose trainings and answers are attacked; group `running`."""
    models = ["plain", "trains", "names_files", "tells_paths"]
    with start_host(models, "--train-workers", "4", "--no-ui", max_peak_mb=160) as host:
        yield host


# --- a browser ---


class Stranger:
    """The site `http://evil.test`, and a browser that visits it.

    Attributes:
        context: the browser's profile.
        url: of the site, without a slash.
        friend: its other name, of which some hosts think better.
    """

    def __init__(self, context: BrowserContext, port: int, pages: dict[str, str]) -> None:
        self.context = context
        self.url = f"http://evil.test:{port}"
        self.friend = f"http://friend.test:{port}"
        self._pages = pages

    async def show(self, html: str, page: Page | None = None, site: str = "") -> Page:
        """Have the browser visit a page of the site, in a new tab or in the one given."""
        path = f"/{len(self._pages)}"
        self._pages[path] = f"<!doctype html><meta charset=utf-8><title>evil</title>{html}"
        page = page or await self.context.new_page()
        await page.goto((site or self.url) + path)
        return page


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PROGRAM, args=[*FLAGS, *NAMES])
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def site_port() -> int:
    return free_port()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(site_port: int) -> AsyncIterator[dict[str, str]]:
    """The stranger's pages, by path."""
    pages: dict[str, str] = {}

    async def show(request: web.Request) -> web.Response:
        if request.path not in pages:
            raise web.HTTPNotFound
        return web.Response(text=pages[request.path], content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", show)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", site_port).start()
    yield pages
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(
    chromium: Browser, site: dict[str, str], site_port: int
) -> AsyncIterator[Stranger]:
    """With a fresh profile for each test."""
    context = await chromium.new_context()
    yield Stranger(context, site_port, site)
    await context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def at_home(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A profile that has the scripts of our pages in its cache."""
    context = await chromium.new_context(reduced_motion="reduce")
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(at_home: BrowserContext) -> AsyncIterator[Page]:
    """Somebody who looks at the host's own pages."""
    page = await at_home.new_page()
    yield page
    await page.close()
