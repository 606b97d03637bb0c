"""A photographed digit goes in, its class comes out: the real host with demo_app in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from support.host import Host, start_host

SEVEN = Path(__file__).parents[2] / "docs" / "images" / "seven.png"


@pytest.fixture
def host() -> Iterator[Host]:
    with start_host([], "--model-name", "demo_app") as host:
        yield host


async def test_from_the_landing_page_to_the_label(page: Page, host: Host, tmp_path: Path) -> None:
    await page.goto(f"{host.url}/")
    await expect(page.get_by_role("heading", name="demo_app")).to_be_visible()
    await page.get_by_role("link", name="Try predict").click()

    # The link opens the operation, and "Try it out" is on already.
    operation = page.locator(".opblock-post.is-open")
    await expect(operation).to_contain_text("/v2/models/demo_app/predict/")
    await operation.locator("input[type=file]").first.set_input_files(SEVEN)
    await operation.get_by_role("button", name="Execute").click()

    answer = operation.locator(".live-responses-table tbody tr.response").first
    await expect(answer.locator(".response-col_status")).to_contain_text("200")
    await expect(answer.locator(".response-col_description")).to_contain_text('"label": "7"')
    await answer.scroll_into_view_if_needed()
    await page.screenshot(path=tmp_path / "predicted.png")
