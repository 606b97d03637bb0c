"""Typed predictors in a visitor's browser: a file for a file, and an answer that grows."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from browser.try_me import Kept, attach, downloaded, is_done, run, run_button, seen
from gradio_client import Client
from PIL import Image
from playwright.async_api import expect


async def test_file_for_a_file(kept: Kept, ours: str, tmp_path: Path) -> None:
    sent = tmp_path / "sent.png"
    Image.new("RGB", (64, 64), "red").save(sent)
    page = await kept(ours, "Draws")
    await expect(page.get_by_text("an image to begin with")).to_be_visible()
    await attach(page, "image", sent)
    await run(page)
    await seen(page.get_by_role("img", name="Result"), 64)
    file = page.locator(".block").filter(has_text="Result (file)")
    assert await downloaded(page, file.get_by_role("link")) == sent.read_bytes()


async def test_text_grows_while_it_comes(kept: Kept, ours: str, typed_home: Path) -> None:
    page = await kept(ours, "Speaks")
    await page.get_by_label("text (required)").fill("one two")
    await page.get_by_label("gate", exact=True).fill("in_browser")
    await run_button(page).click()
    answer = page.get_by_label("Result", exact=True)
    await expect(answer).to_have_value("one ")
    await expect(page.get_by_text("Receiving the result")).to_be_visible()
    (typed_home / "in_browser").touch()
    await expect(answer).to_have_value("one two ")
    await is_done(page)


async def test_failure_leaves_what_has_come(kept: Kept, ours: str) -> None:
    page = await kept(ours, "Speaks")
    await page.get_by_label("text (required)").fill("only this")
    await page.get_by_label("fail", exact=True).check()
    await run_button(page).click()
    await expect(page.get_by_role("alert")).to_contain_text("lost the thread")
    await expect(page.get_by_label("Result", exact=True)).to_have_value("only this ")


async def test_gradio_client_iterates_the_parts(ours: str) -> None:
    def call() -> None:
        client = Client(f"{ours}/Speaks/", verbose=False)
        job = client.submit(text="one two", api_name="/predict")
        assert list(job) == ["one ", "two "]
        assert job.result() == client.predict("one two", api_name="/predict") == ["one ", "two "]
        with pytest.raises(TypeError, match="required argument: text"):
            client.predict(api_name="/predict")
        with pytest.raises(Exception, match="lost the thread"):
            client.predict(text="one", fail=True, api_name="/predict")

    await asyncio.to_thread(call)


async def test_gradio_client_is_told_where_the_models_are(ours: str) -> None:
    with pytest.raises(ValueError, match=f"its own page: .*{re.escape(ours)}/Speaks/"):
        await asyncio.to_thread(Client, ours, verbose=False)


async def test_named_fields(kept: Kept, ours: str) -> None:
    page = await kept(ours, "Finds")
    await run(page)
    await expect(page.get_by_text("cat").first).to_be_visible()
