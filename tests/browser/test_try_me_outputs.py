"""Every kind of answer as a visitor sees it, from our host; in `make soak` also DEEPaaS 2.6.0's."""

from __future__ import annotations

import re

from browser.try_me import Kept, assert_accessible, downloaded, picture, plays, run, seen
from models.media_samples import mp4, pdf, png, wav
from playwright.async_api import Locator, Page, expect


def field(page: Page, name: str) -> Locator:
    """The block of a field that is no text."""
    label = page.get_by_test_id("block-label").filter(has_text=re.compile(rf"^\s*{name}\s*$"))
    return page.locator(".block").filter(has=label)


async def test_fields_of_json(kept: Kept, url_in_soak: str) -> None:
    page = await kept(url_in_soak, "every_output")
    missing = (field(page, "missing_picture"), page.get_by_text("missing", exact=True))
    for one in missing:  # Only the names, in a line each.
        await expect(one).to_be_visible()
        assert await one.evaluate("one => one.closest('.argument').offsetHeight") < 50
    await run(page)
    for one in missing:
        await expect(one).not_to_be_visible()
    for label, value in {
        "text A text": "a <i>text</i> with *marks*",
        "number A number": "0.25",
        "integer An integer": "7",
        "flag Yes or no": "yes",
        "date A day": "2026-11-21",
        "moment A moment": "2026-11-21 06:30:00 UTC",
        "missing Never": "",
        "empty Always": "",
    }.items():
        await expect(page.get_by_label(label)).to_have_value(value)
    labels = field(page, "labels")
    await expect(labels.get_by_role("heading", name="cat")).to_be_visible()
    await expect(labels.get_by_role("button")).to_have_text(
        [re.compile(f"{name}.*{share}%", re.S) for name, share in LIKELY.items()]
    )
    for name, content in {
        "place": '{"left":1,"top":2}',
        "places": '[{"left":1,"top":2},{"left":3,"top":4}]',
        "mapping": '{"a":[1,2,{"b":null}]}',
        "numbers": "[1.5,2.5,2]",
    }.items():
        shown = await field(page, name).locator(".json-holder").inner_text()
        assert re.sub(r"\s", "", shown) == content
    drawn = page.get_by_role("img", name="numbers: 3 numbers, from 1.5 to 2.5")
    await expect(drawn.locator("polyline")).to_be_visible()
    image = page.get_by_role("img", name="picture", exact=True)
    await seen(image, 64)
    thumbnails = field(page, "pictures").locator("img")
    await expect(thumbnails).to_have_count(2)
    await seen(thumbnails.last, 64)
    await plays(field(page, "sound"), "audio")
    await plays(field(page, "film"), "video")
    await expect(field(page, "film").locator("video")).to_have_js_property("videoWidth", 160)
    await expect(field(page, "missing_picture").locator("img")).to_have_count(0)
    assert await downloaded(page, field(page, "sound").get_by_role("link")) == wav()
    await picture(page, "try-me-outputs", whole=True)
    await page.get_by_role("button", name="Complete result (JSON)").click()
    await expect(page.locator(".json-holder:visible").last).to_contain_text('"probabilities"')


LIKELY = {"cat": 70, "dog": 20, "bird": 10}


async def test_media_types(kept: Kept, url_in_soak: str, problems: list[str]) -> None:
    page = await kept(url_in_soak, "every_output")
    pane = page.get_by_role("tabpanel").locator("visible=true")
    for tab in ("Picture (PNG)", "Picture"):
        await ask_for(page, tab)
        await seen(pane.get_by_role("img", name="Result"), 64)
        assert await downloaded(page, pane.get_by_role("link", name="Download")) == png()
    await ask_for(page, "Sound")
    await plays(pane, "audio")
    assert await downloaded(page, pane.get_by_role("link", name="Download")) == wav()
    await ask_for(page, "Video")
    await plays(pane, "video")
    await expect(pane.locator("video")).to_have_js_property("videoWidth", 160)
    assert await downloaded(page, pane.get_by_role("link", name="Download")) == mp4()
    await ask_for(page, "Text (TXT)")
    text = "plain <b>text</b>\n  in two lines"
    await expect(pane.get_by_label("Result", exact=True)).to_have_value(text)
    for tab, name, content in (
        ("File (ZIP)", "answer.zip", b"PK\x05\x06" + 18 * b"\0"),
        ("PDF", "answer.pdf", pdf()),
    ):
        await ask_for(page, tab)
        row = pane.get_by_role("row", name=re.compile(re.escape(name)))
        assert await downloaded(page, row.get_by_role("link")) == content
    await expect(pane.locator(".pdf-answer iframe")).to_have_attribute("src", re.compile("^blob:"))
    await ask_for(page, "Web page")
    frame = page.frame_locator("iframe.answer-frame")
    await expect(frame.get_by_role("heading", name="Hello")).to_be_visible()
    assert "script ran" not in await frame.locator("body").inner_text()
    assert await page.evaluate("window.hacked") is None
    # Chromium notes what it has kept the frame from doing.
    problems[:] = [p for p in problems if "sandboxed" not in p and "Content Security" not in p]


async def test_tables_and_markdown_are_shown_and_nothing_in_them_runs(
    kept: Kept, ours: str
) -> None:
    page = await kept(ours, "every_output")
    pane = page.get_by_role("tabpanel").locator("visible=true")
    await ask_for(page, "Table")
    await expect(pane.get_by_role("columnheader")).to_contain_text(["a", "b"])
    await expect(pane.get_by_role("gridcell")).to_have_text(["1", "<b>2</b>"])
    await pane.get_by_role("button", name="As text").click()
    await expect(pane.get_by_label("Result", exact=True)).to_have_value("a,b\n1,<b>2</b>\n")
    await ask_for(page, "Text (MD)")
    await expect(pane.get_by_role("heading", name="A heading")).to_be_visible()
    await expect(pane.get_by_role("cell", name="2", exact=True)).to_be_visible()
    await expect(pane.get_by_text("window.hacked = true").first).to_be_visible()
    await expect(pane.get_by_role("link", name="bad")).to_have_count(0)
    assert await page.evaluate("window.hacked") is None
    await assert_accessible(page)
    # Looked at again, a table is one, in its tab.
    await page.get_by_label("Earlier results").click()
    await page.get_by_role("option").nth(1).click()
    await expect(pane.get_by_role("gridcell", name="<b>2</b>")).to_be_visible()
    await expect(page.locator(".waiting")).to_contain_text("Result of")


async def ask_for(page: Page, name: str) -> None:
    """Open a tab, which may be in the menu of those that do not fit."""
    await expect(page.get_by_role("tab", name="JSON")).to_be_visible()
    tab = page.get_by_role("tab", name=name, exact=True)
    if not await tab.is_visible():
        await page.get_by_role("button", name="More tabs").click()
        tab = page.get_by_role("button", name=name, exact=True)
    await tab.click()
    await run(page)


async def test_answers_that_are_not_as_announced(kept: Kept, ours: str) -> None:
    page = await kept(ours, "every_output")
    await page.get_by_label("refuse").fill("1")
    await ask_for(page, "JSON")
    # No picture, so it is shown as the text that it is.
    await expect(page.get_by_role("textbox", name=re.compile("^picture"))).to_have_value(
        "not base64!"
    )
    await expect(page.get_by_label("text A text")).to_have_value("")
    await expect(field(page, "labels").get_by_role("button")).to_have_count(0)
