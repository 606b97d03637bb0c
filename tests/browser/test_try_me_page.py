"""The page of a model in a browser: errors, cancelling, the keyboard, a phone, other programs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from browser.try_me import (
    SERVED,
    SEVEN,
    Kept,
    assert_accessible,
    run,
    run_button,
    tab_to,
)
from gradio_client import Client, handle_file
from models.media_samples import mp4, pdf, png, wav
from playwright.async_api import expect

CONTENTS = {
    "image_png": png(),
    "image_any": png(),
    "audio_wav": wav(),
    "video_mp4": mp4(),
    "application_zip": b"PK\x05\x06" + 18 * b"\0",
    "application_pdf": pdf(),
}
TEXTS = {"text_plain": "plain <b>text</b>\n  in two lines", "text_csv": "a,b\n1,<b>2</b>\n"}
"""What `every_output` answers, by the names of the page's functions."""


async def test_errors_are_the_hosts_words(kept: Kept, ours: str) -> None:
    page = await kept(ours, "every_output")
    for status, words in (
        (400, "this picture <b>cannot</b> be read"),
        (422, "nothing to be found"),
        (500, "ValueError: the model is unhappy"),
    ):
        await page.get_by_label("refuse").fill(str(status))
        await run_button(page).click()
        await expect(page.get_by_role("alert")).to_have_text(words)
    await page.get_by_label("refuse").fill("0")
    await run(page)
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_cancelled_call_is_interrupted(kept: Kept, ours: str) -> None:
    page = await kept(ours, "every_argument")
    await page.get_by_label("text (required)").fill("x")
    await page.get_by_label("seconds", exact=True).fill("100")
    await run_button(page).click()
    await expect(page.get_by_text("Waiting for the model: 2 s")).to_be_visible()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    await page.get_by_label("seconds", exact=True).fill("0")
    # The only worker is free again: it would take 100 s otherwise.
    await run(page)


async def test_on_a_phone_by_keyboard_alone(kept: Kept, ours: str) -> None:
    page = await kept(ours, "every_argument")
    await page.set_viewport_size({"width": 360, "height": 700})
    # The Tab key goes on from here, as in a new page.
    await page.get_by_role("heading", name="every_argument").click()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    keyboard = page.keyboard
    await tab_to(page, page.get_by_label("text (required)"))
    await keyboard.type("typed")
    await tab_to(page, page.get_by_label("choice", exact=True))
    await expect(page.get_by_role("option", name="green")).to_be_visible()
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await expect(page.get_by_label("choice", exact=True)).to_have_value("green")
    await tab_to(page, page.get_by_label("range slider for count"))
    await keyboard.press("ArrowRight")
    await tab_to(page, page.get_by_label("flag", exact=True))
    await keyboard.press("Space")
    await tab_to(page, page.get_by_label("numbers – JSON", exact=True))
    await keyboard.press("Control+a")
    await keyboard.type("[1, 2]")
    await tab_to(page, run_button(page))
    await keyboard.press("Enter")
    shown = page.locator(".json-holder")
    for arrived in ("typed", "green", "4", "false"):
        await expect(shown).to_contain_text(arrived)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("model", SERVED)
async def test_axe_has_no_complaint(kept: Kept, ours: str, model: str) -> None:
    page = await kept(ours, model)
    if model == "every_argument":
        await page.get_by_label("text (required)").fill("fine")
    await run(page)
    await page.get_by_role("button", name="Use via API").click()
    await expect(page.get_by_role("tab", name="Python")).to_be_visible()
    await assert_accessible(page)


async def test_gradio_client_calls_every_model(url: str, tmp_path: Path) -> None:
    await asyncio.to_thread(_call_with_gradio_client, url, tmp_path)


def _call_with_gradio_client(url: str, folder: Path) -> None:
    client = Client(f"{url}/every_argument/", verbose=False, download_files=folder)
    told = client.predict(
        text="hi",
        count=5,
        several=["b"],
        picture=handle_file(str(SEVEN)),
        api_name="/predict",
    )
    assert (told["text"], told["count"], told["several"]) == ("hi", 5, ["b"])
    assert told["picture"]["name"] == "seven.png"
    objects = {"mapping": {"a": [1, None]}, "box": {"left": 1, "top": 2}}
    told = client.predict(text="hi", **objects, api_name="/predict")
    assert (told["mapping"], told["box"]) == (objects["mapping"], objects["box"])
    wrong: dict[str, Any]
    for wrong, words in (
        ({"text": "refuse"}, "This text is refused"),
        ({"text": "hi", "box": {"left": 1}}, "Missing data for required field"),
    ):
        with pytest.raises(Exception, match=words):
            client.predict(**wrong, api_name="/predict")
    client = Client(f"{url}/every_output/", verbose=False, download_files=folder)
    assert client.predict(api_name="/predict")["integer"] == 7
    for name, content in CONTENTS.items():
        assert Path(client.predict(api_name=f"/predict_{name}")).read_bytes() == content
    for name, text in TEXTS.items():
        assert client.predict(api_name=f"/predict_{name}") == text
    assert "<h1>" in client.predict(api_name="/predict_text_html")
