"""A web page of somebody else, in a real browser on the machine of the host's user."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from support.host import Host, start_host

from security.conftest import Stranger
from security.foreign import MODEL, traces

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CHANGING = [
    f"/v2/models/{MODEL}/predict/",
    f"/v2/models/{MODEL}/train/",
    f"/cog/{MODEL}/predictions",
    f"/cog/{MODEL}/shutdown",
    f"/try-me/{MODEL}/gradio_api/queue/join",
]
PAGES = ["/", "/api", f"/cog/{MODEL}/docs", "/try-me/", "/tensorboard/", "/v2/models/", "/nowhere"]

OUR_NAME = "lan.test"
"""A name of the host for which browsers send no ``Sec-Fetch-…``, as in a network without TLS."""


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host([MODEL], "--cog-shutdown", "--allowed-host", OUR_NAME) as host:
        yield host
        assert "Traceback" not in host.log()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(chromium: Browser) -> AsyncIterator[Page]:
    """Somebody who looks at the host's own pages."""
    context = await chromium.new_context()
    yield await context.new_page()
    await context.close()


@pytest.mark.parametrize("path", CHANGING)
@pytest.mark.parametrize("name", ["127.0.0.1", OUR_NAME])
async def test_a_form(host: Host, stranger: Stranger, name: str, path: str) -> None:
    before = traces(host)
    url = f"http://{name}:{host.port}{path}?text=owned"
    page = await stranger.show(f"<form method=post action='{url}'><input name=text></form>")
    async with page.expect_navigation() as navigation:
        await page.evaluate("document.forms[0].submit()")
    answer = await navigation.value
    assert answer is not None
    assert answer.status == 403
    assert traces(host) == before
    assert host.get("/healthz").status == 200


@pytest.mark.parametrize("name", ["127.0.0.1", OUR_NAME])
async def test_a_script(host: Host, stranger: Stranger, name: str) -> None:
    """`no-cors` sends without asking; what needs asking is not even sent."""
    before = traces(host)
    page = await stranger.show("")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    for path in CHANGING:
        for options in (
            "{method: 'POST', mode: 'no-cors', body: 'text=owned'}",
            "{method: 'POST', body: JSON.stringify({input: {text: 'owned'}})}",
            "{method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'}",
            "{method: 'DELETE'}",
        ):
            url = f"http://{name}:{host.port}{path}?text=owned"
            await page.evaluate(f"fetch({url!r}, {options}).then(r => r.text()).catch(() => 0)")
    await page.evaluate(f"navigator.sendBeacon('http://{name}:{host.port}{CHANGING[0]}', 'x')")
    assert sent.count("POST") >= len(CHANGING)
    assert traces(host) == before


async def test_nothing_can_be_read(host: Host, stranger: Stranger) -> None:
    page = await stranger.show("")
    for path in ("/v2/models/", "/openapi.json", f"/try-me/{MODEL}/config", "/tensorboard/"):
        read = await page.evaluate(
            f"fetch('{host.url}{path}').then(r => r.text()).catch(() => 'nothing')"
        )
        assert read == "nothing"
    script = f"""new Promise(done => {{
        const tag = document.createElement('script');
        tag.onload = () => done('loaded'); tag.onerror = () => done('nothing');
        tag.src = '{host.url}/v2/models/'; document.head.append(tag);
    }})"""
    assert await page.evaluate(script) == "nothing"


async def test_a_websocket(host: Host, stranger: Stranger) -> None:
    page = await stranger.show("")
    for path in (f"/try-me/{MODEL}/gradio_api/queue/join", "/tensorboard/", "/v2/"):
        opened = f"""new Promise(done => {{
            const socket = new WebSocket('ws://127.0.0.1:{host.port}{path}');
            socket.onopen = () => done(true); socket.onerror = () => done(false);
        }})"""
        assert await page.evaluate(opened) is False


async def test_a_name_that_leads_here(host: Host, stranger: Stranger) -> None:
    """DNS rebinding: what the page calls is of its own origin, for the browser."""
    before = traces(host)
    page = await stranger.context.new_page()
    for path in PAGES:
        answer = await page.goto(f"http://evil.test:{host.port}{path}")
        assert answer is not None
        assert answer.status == 421
    # The page itself has come from the stranger, before the name led here.
    address = f"http://evil.test:{host.port}/attack"
    await page.route(address, lambda route: route.fulfill(body="<p>", content_type="text/html"))
    await page.goto(address)
    for method, path in (*(("POST", path) for path in CHANGING), ("GET", "/v2/models/")):
        status = await page.evaluate(f"fetch('{path}', {{method: '{method}'}}).then(r => r.status)")
        assert status == 421
    assert traces(host) == before


@pytest.mark.parametrize("path", PAGES)
async def test_a_frame(host: Host, stranger: Stranger, path: str) -> None:
    for name in ("127.0.0.1", OUR_NAME):
        url = f"http://{name}:{host.port}{path}"
        page = await stranger.show(f"<iframe src='{url}' width=900 height=600></iframe>")
        frame = page.frames[1]
        # A page of the browser's own instead.
        await frame.wait_for_url(re.compile("^chrome-error:"), wait_until="commit")


async def test_a_window_that_it_has_opened(host: Host, stranger: Stranger) -> None:
    """It cannot follow who goes to our page from there, nor see what that consists of."""
    page = await stranger.show(f"<a href='{host.url}/' target=_blank rel=opener>here</a>")
    async with page.context.expect_page() as opened:
        await page.click("a")
    ours = await opened.value
    await ours.wait_for_load_state()
    assert await ours.locator("h1").inner_text() == "DEEPaaS"
    assert await ours.evaluate("window.opener") is None


async def test_our_own_pages_are_not_in_the_way_of_themselves(host: Host, visitor: Page) -> None:
    complaints: list[str] = []
    visitor.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    for name in ("127.0.0.1", OUR_NAME, "localhost"):
        url = f"http://{name}:{host.port}"
        await visitor.goto(f"{url}/")
        await visitor.goto(f"{url}/api")
        await visitor.locator(".opblock").first.wait_for()
        status = await visitor.evaluate(
            f"fetch('{CHANGING[0]}?text=ours', {{method: 'POST'}}).then(answer => answer.status)"
        )
        assert status == 200
    assert not complaints


async def test_an_allowed_page(stranger: Stranger) -> None:
    with start_host([MODEL], "--allowed-origin", stranger.url) as host:
        page = await stranger.show("")
        said = await page.evaluate(
            f"""fetch('{host.url}/v2/models/{MODEL}/predict/', {{
                method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: '{{}}',
            }}).then(r => r.json())"""
        )
        assert said["status"] == "OK"
