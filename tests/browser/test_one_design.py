"""The pages of a host look like one product, and lead to each other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from browser.try_me import settled, tab_to
from playwright.async_api import Page, expect

PATHS = {
    "/": "article",
    "/api": ".opblock",
    "/try-me/": "article",
    "/try-me/trains/": ".gradio-container label",
    "/try-me/nobody/": "main p",
}
OWN = ("/", "/try-me/", "/try-me/nobody/")
"""Pages that are made by nothing but our templates."""
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


async def shown(page: Page, host: str, path: str) -> None:
    await page.goto(f"{host}{path}")
    await expect(page.locator(PATHS[path]).first).to_be_visible()


async def looks(page: Page, path: str) -> dict[str, Any]:
    """How a page looks, which fits and has no serious complaint of axe."""
    found: dict[str, Any] = await page.evaluate(LOOK)
    assert found["wide"] <= 0, path
    assert len({*found.pop("links")}) <= 1, path
    # What Swagger UI makes is not ours.
    checked = await page.evaluate(
        "axe.run({exclude: ['#swagger-ui']}, {resultTypes: ['violations']})"
    )
    serious = [
        v
        for v in checked["violations"]
        if v["impact"] in ("serious", "critical")
        # Content beside the landmarks, which those who jump from one to the next never meet.
        or (v["id"] == "region" and path in OWN)
    ]
    assert serious == [], f"{path}: {json.dumps(serious, indent=1)[:3000]}"
    return found


@pytest.mark.parametrize(
    ("width", "schemes"), [(1400, ("light", "dark")), (390, ("dark", "light"))]
)
async def test_pages_look_alike(
    page: Page, ours: str, width: int, schemes: tuple[str, str], problems: list[str]
) -> None:
    """Each page is loaded with the first of two colour schemes, and changes to the second."""
    host = ours.removesuffix("/try-me")
    await page.set_viewport_size({"width": width, "height": 844})
    seen: dict[str, list[dict[str, Any]]] = {scheme: [] for scheme in schemes}
    for path in PATHS:
        await page.emulate_media(color_scheme="dark" if schemes[0] == "dark" else "light")
        await shown(page, host, path)
        await page.evaluate(AXE_FILE_PATH.read_text())
        seen[schemes[0]].append(await looks(page, path))
        await recolour(page, dark=schemes[1] == "dark")
        seen[schemes[1]].append(await looks(page, path))
    for scheme, found in seen.items():
        assert all(look == found[0] for look in found), f"{scheme}: {found}"
    assert seen["light"][0] != seen["dark"][0]
    problems[:] = [one for one in problems if "404" not in one]  # Of nobody's page.


async def recolour(page: Page, *, dark: bool) -> None:
    """Change to another colour scheme, and wait until all has changed."""
    before = await page.evaluate(LOOK)
    await page.emulate_media(color_scheme="dark" if dark else "light")
    await page.wait_for_function(f"brand => ({LOOK})().brand !== brand", arg=before["brand"])
    if await page.locator(".gradio-container").count():
        await expect(page.locator("body.dark")).to_have_count(int(dark))
    await settled(page)


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
