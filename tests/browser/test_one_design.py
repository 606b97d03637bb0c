"""The pages of a host look like one product, and lead to each other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from browser.try_me import tab_to
from playwright.async_api import Page, expect

PATHS = {
    "/": "article",
    "/api": ".opblock",
    "/try-me/": "article",
    "/try-me/trains/": ".gradio-container label",
    "/try-me/nobody/": "main p",
}
LOOK = """() => {
  const brand = document.querySelector(".site-brand"), title = document.querySelector("h1");
  const text = one => getComputedStyle(one).color;
  return {
    left: brand.getBoundingClientRect().left,
    head: getComputedStyle(brand.closest("header")).backgroundColor,
    brand: text(brand),
    links: [...document.querySelectorAll(".site-header li a:not([aria-current])")].map(text),
    labels: [...document.querySelectorAll(".site-header li a")].map(one => one.textContent),
    wide: document.documentElement.scrollWidth - innerWidth,
  };
}"""


async def shown(page: Page, host: str, path: str) -> dict[str, Any]:
    await page.goto(f"{host}{path}")
    await expect(page.locator(PATHS[path]).first).to_be_visible()
    look: dict[str, Any] = await page.evaluate(LOOK)
    return look


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
async def test_pages_look_alike(
    page: Page, ours: str, scheme: str, width: int, problems: list[str]
) -> None:
    host = ours.removesuffix("/try-me")
    await page.set_viewport_size({"width": width, "height": 844})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    looks = []
    for path in PATHS:
        look = await shown(page, host, path)
        assert look["wide"] <= 0, path
        assert len({*look.pop("links")}) <= 1, path
        looks.append(look)
        await page.evaluate(AXE_FILE_PATH.read_text())
        # What Swagger UI makes is not ours.
        found = await page.evaluate(
            "axe.run({exclude: ['#swagger-ui']}, {resultTypes: ['violations']})"
        )
        serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
        assert serious == [], f"{path}: {json.dumps(serious, indent=1)[:3000]}"
    assert all(look == looks[0] for look in looks), looks
    problems[:] = [one for one in problems if "404" not in one]  # Of nobody's page.


async def test_there_and_back_by_keyboard(page: Page, ours: str) -> None:
    host = ours.removesuffix("/try-me")
    await shown(page, host, "/try-me/trains/")
    await tab_to(page, page.get_by_role("link", name="DEEPaaS", exact=True), 1)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".opblock").first).to_be_visible()
    assert page.url == f"{host}/api"
    await expect(page.locator(".site-header [aria-current]")).to_have_text("Swagger")
    await tab_to(page, page.get_by_role("link", name="DEEPaaS", exact=True), 1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    await page.get_by_role("link", name="TensorBoard").wait_for()
