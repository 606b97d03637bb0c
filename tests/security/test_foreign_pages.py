"""A web page of somebody else, in a real browser on the machine of the host's user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from support.host import Host

from security.conftest import Stranger
from security.foreign import MODEL, OUR_NAME, traces

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("strangers"),
]

CHANGING = [
    f"/v2/models/{MODEL}/predict/",
    f"/v2/models/{MODEL}/train/",
    f"/cog/{MODEL}/predictions",
    f"/cog/{MODEL}/shutdown",
    f"/try-me/{MODEL}/gradio_api/queue/join",
]
PAGES = ["/", "/api", f"/cog/{MODEL}/docs", "/try-me/", "/tensorboard/", "/v2/models/", "/nowhere"]


@pytest.fixture
def host(speaking: Host) -> Host:
    return speaking


@pytest.mark.parametrize("name", ["127.0.0.1", OUR_NAME])
async def test_a_form(host: Host, stranger: Stranger, name: str) -> None:
    before = traces(host)
    page: Page | None = None
    for path in CHANGING:
        url = f"http://{name}:{host.port}{path}?text=owned"
        form = f"<form method=post action='{url}'><input name=text></form>"
        page = await stranger.show(form, page)
        async with page.expect_navigation() as navigation:
            await page.evaluate("document.forms[0].submit()")
        answer = await navigation.value
        assert answer is not None, path
        assert answer.status == 403, path
        assert traces(host) == before, path
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


@pytest.mark.parametrize("name", ["127.0.0.1", OUR_NAME])
async def test_a_frame(host: Host, stranger: Stranger, name: str) -> None:
    page = await stranger.show(
        "".join(
            f"<iframe name='of {path}' src='http://{name}:{host.port}{path}'></iframe>"
            for path in PAGES
        )
    )
    frames = page.frames[1:]
    assert len(frames) == len(PAGES)
    for frame in frames:
        # A page of the browser's own instead.
        await frame.wait_for_url(re.compile("^chrome-error:"), wait_until="commit")


async def test_a_window_that_it_has_opened(host: Host, stranger: Stranger) -> None:
    """It cannot follow who goes to our page from there, nor see what that consists of."""
    page = await stranger.show(f"<a href='{host.url}/' target=_blank rel=opener>here</a>")
    async with page.context.expect_page() as opened:
        await page.click("a")
    ours = await opened.value
    await ours.wait_for_load_state()
    assert await ours.locator("h1").inner_text() == "Models"
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


async def test_an_allowed_page(friendly: Host, stranger: Stranger) -> None:
    page = await stranger.show("", site=stranger.friend)
    said = await page.evaluate(
        f"""fetch('{friendly.url}/v2/models/{MODEL}/predict/', {{
            method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: '{{}}',
        }}).then(r => r.json())"""
    )
    assert said["status"] == "OK"
