"""Headless Chromium for tests.

A browser test is an ``async def`` that asks for ``page`` (a Playwright page) and perhaps for
``serve`` (to start an aiohttp application). Tests and fixtures here share one event loop, which
lasts as long as the test session, since Playwright's objects belong to the loop they were made in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from browser.try_me import SERVED, TRAINED, TYPED, Kept, deepaas_ui, visit, wait_until_started
from cog_runtime.conftest import path_of
from compat import hosts
from compat.installed import PACKAGES
from compat.peer import peer_program
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    ViewportSize,
    WebError,
    async_playwright,
    expect,
)
from support.chromium import FLAGS, ONLY_HERE, PROGRAM
from support.host import MODELS, Host, start_host
from support.storm_size import chosen

HERE = Path(__file__).parent
FAILED = pytest.StashKey[bool]()
SIZE = ViewportSize(width=1200, height=900)

SLOW_DISPLAY = """{
  const next = window.requestAnimationFrame.bind(window);
  const isClock = act => String(act).includes("performance.now()");
  window.requestAnimationFrame = act => setTimeout(() => next(act), isClock(act) ? 1000 : 50);
  window.cancelAnimationFrame = clearTimeout;
}"""
"""Twenty pictures a second, and one for Gradio's clock of how long a page has been loading: it goes
on for ever, which takes a twentieth of a processor for each page that is open."""

Serve = Callable[[web.Application], Awaitable[str]]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if item.get_closest_marker("xdist_group") is None:
                # One browser, one host and one process of the page for all.
                item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note on the test that it has failed, for what is undone after it."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    # Waits end as soon as they can; this is for machines that are busy.
    expect.set_options(timeout=80_000)
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def profile(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BrowserContext]:
    """One browser profile for all tests: with what it has cached, a page takes half as long.

    It reaches nothing but 127.0.0.1, and takes any certificate.
    """
    profile = await playwright.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("profile"),
        executable_path=PROGRAM,
        # Playwright's own way asks for each resource anew, and gives up after the 32nd time.
        args=[*FLAGS, ONLY_HERE, "--ignore-certificate-errors"],
        viewport=SIZE,
    )
    await profile.add_init_script(SLOW_DISPLAY)
    yield profile
    await profile.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    """Another browser, for what would stay in the profile: each page has a context of its own."""
    browser = await playwright.chromium.launch(executable_path=PROGRAM, args=[*FLAGS, ONLY_HERE])
    yield browser
    await browser.close()


@pytest.fixture
def problems() -> list[str]:
    """What went wrong in the page so far. It must be empty when the test ends.

    A test that provokes an error on purpose looks for it here and removes it.
    """
    return []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened() -> AsyncIterator[dict[tuple[str, str], Page]]:
    """Pages that stay open from one test of a module to the next."""
    pages: dict[tuple[str, str], Page] = {}
    yield pages
    for page in pages.values():
        await page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(
    request: pytest.FixtureRequest,
    profile: BrowserContext,
    opened: dict[tuple[str, str], Page],
    problems: list[str],
) -> AsyncIterator[BrowserContext]:
    """The profile with nothing in it that a page has left there.

    A test that fails leaves pages in any state: none is kept for the next one.
    """
    origins: set[str] = set()

    def note_request(sent: Request) -> None:
        url = urlsplit(sent.url)
        # Chromium shows a PDF with a page of its own.
        if url.scheme in ("blob", "chrome", "chrome-extension"):
            return
        origins.add(f"{url.scheme}://{url.netloc}")
        if url.hostname != "127.0.0.1":
            problems.append(f"request to {sent.url}")

    def note_message(message: ConsoleMessage) -> None:
        # TensorBoard looks for its font at the root, whatever its prefix.
        if message.type == "error" and "/font-roboto/" not in message.location["url"]:
            problems.append(f"console: {message.text}")

    def note_error(error: WebError) -> None:
        problems.append(f"exception: {error.error}")

    profile.on("request", note_request)
    profile.on("console", note_message)
    profile.on("weberror", note_error)
    yield profile
    if problems or request.node.stash.get(FAILED, False):
        opened.clear()
    # The first page is the empty one that keeps the browser alive.
    home, *others = profile.pages
    for page in others:
        if page not in opened.values():
            await page.close()
    profile.remove_listener("request", note_request)
    profile.remove_listener("console", note_message)
    profile.remove_listener("weberror", note_error)
    await profile.clear_cookies()
    await profile.clear_permissions()
    devtools = await profile.new_cdp_session(home)
    for origin in origins:
        await devtools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    await devtools.detach()
    assert not problems


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def kept(context: BrowserContext, opened: dict[tuple[str, str], Page]) -> Kept:
    """The page of a model, as the test before has left it: to load one takes a processor 2 s.

    It is as wide and as light as a new one.
    """

    async def page_of(url: str, model: str) -> Page:
        page = opened.get((url, model))
        if page is None:
            page = opened[url, model] = await context.new_page()
            await visit(page, url, model)
        else:
            await page.set_viewport_size(SIZE)
            await page.emulate_media(color_scheme="light")
        return page

    return page_of


@pytest_asyncio.fixture(loop_scope="session")
async def serve() -> AsyncIterator[Serve]:
    """Starts an application on a free port of 127.0.0.1 and returns its URL, without a slash."""
    runners: list[web.AppRunner] = []

    async def start(app: web.Application) -> str:
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture(scope="session")
def typed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where typed predictors of our host look for what they wait for."""
    return tmp_path_factory.mktemp("typed")


@pytest.fixture(scope="session")
def our_host(typed_home: Path) -> Iterator[Host]:
    """Our host, with its try-me page."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COG_RUNTIME_TEST", str(typed_home))
        with start_host([*SERVED, *TRAINED], *map(path_of, TYPED)) as host:
            wait_until_started(host)
            yield host
            # The model may fail, the page may not.
            assert "gradio" not in host.log()


@pytest.fixture(scope="session")
def ours(our_host: Host) -> str:
    """The URL of its page, without a slash."""
    return f"{our_host.url}/try-me"


@pytest.fixture(scope="session")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The try-me page for a host that runs DEEPaaS 2.6.0; its URL without a slash."""
    folder = tmp_path_factory.mktemp("theirs") / "host"
    models = {name: name for name in (*SERVED, "echo")} | {"acts": "training_models.acts"}
    environment = {
        "PYTHONPATH": f"{folder}/site:{MODELS}:{PACKAGES}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with (
        hosts.serving(peer_program(), models, folder, environment=environment) as host,
        deepaas_ui(f"http://127.0.0.1:{host.port}", tmp_path_factory.mktemp("ui")) as url,
    ):
        yield url


@pytest.fixture(params=["ours", "theirs"])
def url(request: pytest.FixtureRequest) -> str:
    return _page_of(request)


@pytest.fixture(params=["ours", "theirs"][: chosen(1, 2)])
def url_in_soak(request: pytest.FixtureRequest) -> str:
    """Ours; in `make soak` also that of DEEPaaS 2.6, of which `gradio_client` looks at the same."""
    return _page_of(request)


def _page_of(request: pytest.FixtureRequest) -> str:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, str)
    return found
