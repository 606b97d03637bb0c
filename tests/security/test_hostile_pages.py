"""What a hostile model, or its training, tells of itself does not run in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.host import Host
from support.waiting import wait_until

from security.foreign import MODEL

if TYPE_CHECKING:
    from playwright.async_api import Page, Route

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("strangers"),
]

PAGE_MS = 60_000
"""The try-me page imports Gradio, on a machine that may be busy."""


@pytest.fixture
def host(speaking: Host) -> Host:
    return speaking


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/xhtml+xml"])
async def test_an_answer_that_is_opened(host: Host, visitor: Page, media_type: str) -> None:
    """Even where it is not saved but shown: the sandbox holds by itself."""
    path = f"/v2/models/{MODEL}/predict/"
    before = host.journal().count("predict owned")

    async def as_shown(route: Route) -> None:
        got = await route.fetch(method="POST", headers={"Accept": media_type})
        assert got.headers["content-disposition"] == "attachment"
        headers = {k: v for k, v in got.headers.items() if k != "content-disposition"}
        await route.fulfill(response=got, headers=headers)

    await visitor.route(f"**{path}", as_shown)
    # It says so when the sandbox has stopped a script.
    async with visitor.expect_event("console", lambda said: "sandbox" in said.text):
        await visitor.goto(host.url + path)
    if media_type == "text/html":
        assert await visitor.locator("h1").inner_text() == "Shown"
        colour = "getComputedStyle(document.querySelector('h1')).color"
        assert (
            await visitor.locator("h1").evaluate("one => getComputedStyle(one).color")
            == "rgb(255, 0, 0)"
        ), colour
    assert host.journal().count("predict owned") == before


async def test_a_file_of_a_training_is_saved(host: Host, visitor: Page, training: str) -> None:
    await visitor.goto(f"{host.url}/")
    for name in ("page.html", "drawing.svg"):
        async with visitor.expect_download() as download:
            await visitor.evaluate(f"location.href = '{training}/files/{name}'")
        assert (await download.value).suggested_filename == name


@pytest.mark.parametrize("path", ["/", "/api", f"/cog/{MODEL}/docs"])
async def test_what_an_author_says(host: Host, visitor: Page, path: str) -> None:
    from playwright.async_api import expect

    await visitor.goto(host.url + path)
    if path != "/":
        await visitor.locator(".opblock").first.wait_for()
        # Of a model's own operations: the others say nothing of it.
        own = "" if path != "/api" else f"[id*={MODEL}]"
        script = f"""() => {{
            const found = document.querySelectorAll('.opblock{own} .opblock-summary-control');
            found.forEach(one => one.click());
            return found.length;
        }}"""
        count = await visitor.evaluate(script)
        assert count
        await expect(visitor.locator(".opblock.is-open")).to_have_count(count)
    assert await visitor.locator("img[onerror]").count() == 0
    assert await visitor.locator("a[href^='javascript']").count() == 0
    assert "predict owned" not in host.journal()


async def test_the_swagger_page_shows_what_a_model_answers(host: Host, visitor: Page) -> None:
    from playwright.async_api import expect

    await visitor.goto(f"{host.url}/api")
    block = visitor.locator(f"[id$='post_v2_models_{MODEL}_predict']")
    await block.locator(".opblock-summary-control").click()
    for media_type in ("text/html", "image/svg+xml", "image/png"):
        chosen = block.locator("tr[data-code='200'] select.content-type")
        await chosen.select_option(media_type)
        await block.locator("button.execute").click()
        shown = block.locator(".live-responses-table tbody")
        await shown.wait_for()
        if media_type == "image/png":
            await expect(shown.locator(".response-col_description img")).to_be_visible()
        elif media_type == "text/html":
            await expect(shown.locator(".response-col_description")).to_contain_text("Shown")
    assert "predict owned" not in host.journal()


async def test_the_try_me_page(host: Host, visitor: Page, training: str) -> None:
    """Names, help, answers, and what a training has printed."""
    complaints: list[str] = []
    visitor.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    visitor.on("dialog", lambda _dialog: complaints.append("a script of the model has run"))
    await visitor.goto(f"{host.url}/try-me/{MODEL}/")
    await visitor.locator("gradio-app, .gradio-container").first.wait_for(timeout=PAGE_MS)
    asked = len(host.journal())
    await visitor.get_by_role("button", name="Run", exact=True).first.click(timeout=PAGE_MS)
    wait_until(lambda: len(host.journal()) > asked, "it has been asked", 60)
    tab = visitor.get_by_role("tab", name="Train")
    await tab.click()
    await visitor.get_by_text(training.rpartition("/")[2][:8]).first.wait_for(timeout=PAGE_MS)
    policy = (await visitor.request.get(f"{host.url}/try-me/{MODEL}/")).headers
    assert "frame-ancestors 'self'" in policy["content-security-policy"]
    scripts = policy["content-security-policy"].partition("script-src ")[2].partition(";")[0]
    assert "unsafe-inline" not in scripts
    # A script that has found its way into the page.
    await visitor.evaluate(
        """() => {
            const tag = document.createElement('div');
            tag.innerHTML = `<img src="data:," onerror="window.owned = true">`;
            document.body.append(tag);
        }"""
    )
    async with visitor.expect_event("console", lambda said: "Content Security" in said.text):
        await visitor.evaluate("document.body.insertAdjacentHTML('beforeend', `<a onclick=1>`)")
    assert await visitor.evaluate("window.owned") is None
    assert "predict owned" not in host.journal()
    assert not [text for text in complaints if "Content Security" not in text]


async def test_tensorboard(host: Host, visitor: Page) -> None:
    complaints: list[str] = []
    visitor.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    wait_until(lambda: host.get("/tensorboard/").status == 200, "it is served", 60)
    answer = await visitor.goto(f"{host.url}/tensorboard/")
    assert answer is not None
    policies = (await answer.header_value("content-security-policy")) or ""
    assert "frame-ancestors 'self'" in policies
    await visitor.locator("tb-webapp, app-header").first.wait_for(timeout=PAGE_MS)
    data = host.get("/tensorboard/data/logdir")
    assert data.headers["content-type"].startswith("application/json")
    assert data.headers["x-content-type-options"] == "nosniff"
    assert not [text for text in complaints if "Content" in text]
