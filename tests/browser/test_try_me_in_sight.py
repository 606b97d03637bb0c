"""A long form: Run, the answer and what is wrong are in sight wherever somebody is in it."""

from __future__ import annotations

import re

from browser.try_me import (
    SEVEN,
    Kept,
    assert_accessible,
    attach,
    block,
    fold,
    is_done,
    run_button,
    seen,
    unfold,
)
from playwright.async_api import Page, expect


async def long_form(kept: Kept, url: str) -> Page:
    page = await kept(url, "every_argument")
    await unfold(page)
    await page.get_by_label("text (required)").fill("typed")
    return page


async def test_enter_runs_and_the_answer_stands_beside_the_form(kept: Kept, ours: str) -> None:
    page = await long_form(kept, ours)
    whole = page.get_by_label("whole", exact=True)
    await whole.fill("41")
    await expect(run_button(page)).to_be_in_viewport()
    await whole.press("Enter")
    await is_done(page)
    await expect(page.locator(".json-holder")).to_contain_text('"whole": 41')
    await expect(page.locator(".json-holder")).to_be_in_viewport()
    await expect(run_button(page)).to_be_in_viewport()
    await expect(whole).to_be_focused()


async def test_control_enter_runs_where_enter_is_a_line_break(kept: Kept, ours: str) -> None:
    page = await long_form(kept, ours)
    numbers = page.get_by_label("numbers – JSON", exact=True)
    await numbers.fill("[4")
    await numbers.press("End")
    await numbers.press("Enter")
    await page.keyboard.type(", 2]")
    await numbers.press("Control+Enter")
    await expect(page.locator(".json-holder")).to_contain_text(re.compile(r"4\s*,\s*2"))
    await numbers.fill("[]")


async def test_on_a_phone_the_answer_is_scrolled_to(kept: Kept, ours: str) -> None:
    page = await long_form(kept, ours)
    await page.set_viewport_size({"width": 390, "height": 844})
    whole = page.get_by_label("whole", exact=True)
    await whole.fill("42")
    await expect(page.locator(".json-holder")).not_to_be_in_viewport()
    await expect(run_button(page)).to_be_in_viewport()
    await run_button(page).click()
    await expect(page.locator(".json-holder")).to_contain_text('"whole": 42')
    await expect(page.locator(".json-holder")).to_be_in_viewport()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_what_is_wrong_stands_at_the_button_and_leads_to_its_input(
    kept: Kept, ours: str
) -> None:
    page = await long_form(kept, ours)
    await page.get_by_label("at_least", exact=True).fill("-1")
    await fold(page).press("Enter")
    await expect(fold(page)).to_have_attribute("aria-expanded", "false")
    await expect(page.get_by_label("at_least", exact=True)).not_to_be_visible()
    await page.get_by_label("text (required)").press("Enter")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("at_least: Must be 0 or more.")
    await expect(alert).to_be_in_viewport()
    await expect(block(page, "at_least").locator(".complaint")).to_be_in_viewport()
    await page.get_by_label("text (required)").scroll_into_view_if_needed()
    await alert.get_by_role("link", name="at_least").press("Enter")
    await expect(page.get_by_label("at_least", exact=True)).to_be_focused()
    await assert_accessible(page)
    await page.get_by_label("at_least", exact=True).fill("")
    await page.keyboard.press("Enter")
    await is_done(page)
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_drop_zones_are_small_until_there_is_a_file(kept: Kept, ours: str) -> None:
    page = await long_form(kept, ours)
    for name in ("picture", "sound", "film", "either", "pages"):
        box = await block(page, name).bounding_box()
        assert box is not None
        assert box["height"] < 170, name
    await attach(page, "picture", SEVEN)
    await seen(block(page, "picture").locator("img"), 480)
    box = await block(page, "picture").locator("img").bounding_box()
    assert box is not None
    assert 100 < box["height"] < 240
    await block(page, "picture").get_by_role("button", name="Remove Image").click()
