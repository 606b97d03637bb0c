"""Every kind of input, filled in as a person would, and what then arrives at the model.

The host is ours; in `make soak` also DEEPaaS 2.6.0.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from browser.try_me import (
    SEVEN,
    Kept,
    attach,
    block,
    choose,
    complaint,
    echo,
    picture,
    plays,
    run_button,
    visit,
)
from models.media_samples import pdf, wav
from playwright.async_api import Page, expect

FILMS = Path(__file__).parents[1] / "models"
NOTHING = {"picture": None, "sound": None, "film": None, "either": None, "raw": None, "data": None}
DEFAULTS: dict[str, Any] = {
    "note": "as it was",
    "secret": "",
    "choice": "red",
    "size": 2,
    "several": ["a"],
    "count": 3,
    "whole": 0,
    "share": 0.5,
    "flag": True,
    "off": False,
    "mapping": {},
    "numbers": [],
    "seconds": 0,
    "header": "",
    **NOTHING,
    "pages": [],
}


def told(path: Path, content_type: str) -> dict[str, Any]:
    """What the model says of a file."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"name": path.name, "content_type": content_type, "sha256": digest}


async def test_texts_numbers_and_files(page: Page, url_in_soak: str, tmp_path: Path) -> None:
    (tmp_path / "tone.wav").write_bytes(wav())
    (tmp_path / "scan.dcm").write_bytes(SEVEN.read_bytes())
    (tmp_path / "data.csv").write_text("a,b\n")
    await visit(page, url_in_soak, "every_argument")
    assert await echo(page, "nothing else") == {"text": "nothing else"} | DEFAULTS

    await page.get_by_label("note A text").fill("")
    await page.get_by_label("secret A password").fill("hunter2")
    await choose(page, "choice", "green")
    await choose(page, "size", "4")
    await choose(page, "several", "c")
    await page.get_by_label("range slider for count").press("ArrowRight")
    await page.get_by_label("whole", exact=True).fill("-5")
    await page.get_by_label("number input for share").fill("0.25")
    await page.get_by_label("at_least", exact=True).fill("1e3")
    await page.get_by_label("flag", exact=True).uncheck()
    await page.get_by_label("off", exact=True).check()
    await page.get_by_label("day", exact=True).fill("2026-11-21")
    await page.get_by_label("moment", exact=True).fill("2026-11-21 06:30:00")
    await page.get_by_label("address An address").fill("https://example.org/a?b=c&d=é")
    await page.get_by_label("numbers – JSON", exact=True).fill("[1.5, -2]")
    await page.get_by_label("header Sent as a header").fill("in a header")
    files = {
        "picture": (SEVEN, "image/png"),
        "sound": (tmp_path / "tone.wav", "audio/wav"),
        "film": (FILMS / "film.mp4", "video/mp4"),
        "either": (FILMS / "film.webm", "video/webm"),
        "raw": (tmp_path / "scan.dcm", "application/dicom"),
        "data": (tmp_path / "data.csv", "text/csv"),
    }
    for label, (path, _) in files.items():
        await attach(page, label, path)
    # Visitors see what they send, where a browser can show it.
    await expect(block(page, "picture").locator("img")).to_have_js_property("naturalWidth", 480)
    await plays(block(page, "sound"), "audio")
    await expect(block(page, "film").locator("video")).to_have_js_property("videoWidth", 160)
    await expect(block(page, "either")).to_contain_text(re.compile(r"film\s*\.webm"))
    await expect(block(page, "raw").locator("img")).to_have_count(0)

    arrived = await echo(page, "some text & more")
    await picture(page, "try-me-inputs", whole=True)
    assert arrived == DEFAULTS | {
        "text": "some text & more",
        "note": "",
        "secret": "hunter2",
        "choice": "green",
        "size": 4,
        "several": ["a", "c"],
        "count": 4,
        "whole": -5,
        "share": 0.25,
        "at_least": 1000,
        "flag": False,
        "off": True,
        "day": "2026-11-21",
        "moment": "2026-11-21 06:30:00",
        "address": "https://example.org/a?b=c&d=é",
        "numbers": [1.5, -2],
        "header": "in a header",
    } | {label: told(*file) for label, file in files.items()}

    await page.get_by_role("button", name="Use via API").click()
    curl = page.locator(".cm-content").filter(has_text="curl").first
    await expect(curl).to_contain_text("text=some%20text%20%26%20more")
    await expect(curl).not_to_contain_text("hunter2")


async def test_limits(kept: Kept, ours: str) -> None:
    page = await kept(ours, "every_argument")
    await expect(await complaint(page, "text")).to_contain_text("Missing")
    text = page.get_by_label("text (required)")
    await text.fill("refuse")
    await expect(await complaint(page, "text")).to_contain_text("This text is refused.")
    await text.fill("fine")
    at_least = page.get_by_label("at_least", exact=True)
    await at_least.fill("-1")
    await expect(await complaint(page, "at_least")).to_contain_text("Must be 0 or more.")
    await at_least.fill("")
    count = page.get_by_label("number input for count")
    await count.fill("99")
    await count.blur()
    await expect(count).to_have_value("10")
    arrived = await echo(page, "limits")
    assert arrived == DEFAULTS | {"text": "limits", "count": 10}
    await count.fill("3")


async def test_objects(kept: Kept, url_in_soak: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n")
    page = await kept(url_in_soak, "every_argument")
    mapping = page.get_by_label("mapping – JSON", exact=True)
    box = page.get_by_label("box – JSON", exact=True)
    await mapping.fill('{"a": [1, null]}')
    await box.fill('{"left": 1, "top": 2}')
    arrived = await echo(page, "objects")
    assert (arrived["mapping"], arrived["box"]) == (
        {"a": [1, None]},
        {"left": 1, "top": 2},
    )

    await page.get_by_label("text (required)").fill("wrong ones")
    for wrong, words in (
        ("{", "Invalid JSON"),
        ("[1]", "Must be an object"),
        ('{"left": 1}', "Missing data for required field"),  # The host's own words.
    ):
        await box.fill(wrong)
        await expect(await complaint(page, "box")).to_contain_text(words)
    await box.fill("")

    # Beside a file an object is text, which a plain field does not take: that must be told.
    await attach(page, "data", tmp_path / "data.csv")
    await expect(await complaint(page, "mapping")).to_contain_text("mapping")
    await mapping.fill("{}")
    arrived = await echo(page, "no object")
    assert arrived == DEFAULTS | {
        "text": "no object",
        "data": told(tmp_path / "data.csv", "text/csv"),
    }
    await expect(page.locator(".complaint")).to_have_count(0)


async def test_several_files(kept: Kept, ours: str, tmp_path: Path) -> None:
    """DEEPaaS 2.6 answers these with 500."""
    (tmp_path / "one.pdf").write_bytes(pdf())
    (tmp_path / "two.txt").write_text("two")
    page = await kept(ours, "every_argument")
    await attach(page, "pages", tmp_path / "one.pdf", tmp_path / "two.txt")
    await expect(block(page, "pages")).to_contain_text(re.compile(r"two\s*\.txt"))
    arrived = await echo(page, "two")
    assert arrived["pages"] == [
        told(tmp_path / "one.pdf", "application/pdf"),
        told(tmp_path / "two.txt", "text/plain"),
    ]


async def test_examples(kept: Kept, ours: str) -> None:
    page = await kept(ours, "every_argument")
    await page.get_by_role("gridcell", name="second example").click()
    await expect(page.get_by_label("text (required)")).to_have_value("second example")
    await run_button(page).click()
    await expect(page.locator(".json-holder")).to_contain_text("blue")
