"""What somebody has filled in stays: through a reload, a server that goes away, and as a link."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from browser.train_tab import page_for
from browser.try_me import (
    assert_accessible,
    attach,
    block,
    choose,
    is_done,
    run,
    run_button,
    unfold,
    visit,
)
from playwright.async_api import BrowserContext, Page, expect
from support.host import Host


async def fill(page: Page) -> None:
    await unfold(page)
    await page.get_by_label("text (required)").fill("a cat & <dog> é")
    await choose(page, "choice", "green")
    await choose(page, "several", "c")
    await page.get_by_label("number input for count").fill("7")
    await page.get_by_label("at_least", exact=True).fill("1.5")
    await page.get_by_label("flag", exact=True).uncheck()
    await page.get_by_label("numbers – JSON", exact=True).fill("[1, 2]")
    await page.get_by_label("secret A password").fill("hunter2")


async def is_filled(page: Page) -> None:
    """All but the password; what is folded is shown since it is not as it was."""
    await expect(page.get_by_label("text (required)")).to_have_value("a cat & <dog> é")
    await expect(page.get_by_label("choice", exact=True)).to_have_value("green")
    await expect(block(page, "several")).to_contain_text("c")
    await expect(page.get_by_label("number input for count")).to_have_value("7")
    await expect(page.get_by_label("at_least", exact=True)).to_have_value("1.5")
    await expect(page.get_by_label("flag", exact=True)).not_to_be_checked()
    await expect(page.get_by_label("numbers – JSON", exact=True)).to_have_text("[1, 2]")
    await expect(page.get_by_label("secret A password")).to_have_value("")
    await expect(page.get_by_label("whole", exact=True)).to_have_value("0")
    await expect(page.get_by_label("day", exact=True)).to_have_value("")


async def test_a_link_has_what_is_filled_in(page: Page, context: BrowserContext, ours: str) -> None:
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await visit(page, ours, "every_argument")
    await fill(page)
    await page.get_by_role("button", name="Copy link").click()
    await expect(
        page.get_by_text("Link copied. It does not include files and passwords.")
    ).to_be_visible()
    link = await page.evaluate("navigator.clipboard.readText()")
    assert "hunter2" not in link
    assert not urlsplit(link).query  # Servers on the way are not to read it.

    # What is changed afterwards is newer than the link, which still stands in the address bar.
    await page.get_by_label("text (required)").fill("changed")
    await page.reload()
    await expect(page.get_by_label("text (required)")).to_have_value("changed")
    await expect(page.get_by_label("choice", exact=True)).to_have_value("green")

    other = await context.new_page()
    await other.goto(link)
    await is_filled(other)
    await run(other)
    await expect(other.locator(".json-holder")).to_contain_text('"at_least": 1.5')


async def test_a_link_with_nonsense_is_ignored(page: Page, ours: str) -> None:
    nonsense = "choice=purple&several={&count=many&flag=perhaps&whole=&nobody=x&text=only+this"
    await page.goto(f"{ours}/every_argument/#{nonsense}")
    await expect(page.get_by_label("text (required)")).to_have_value("only this")
    await expect(page.get_by_label("choice", exact=True)).to_have_value("red")
    await expect(page.get_by_label("number input for count")).to_have_value("3")
    await run_button(page).click()
    await is_done(page)


async def test_a_server_that_goes_away_and_comes_back(
    page: Page, our_host: Host, problems: list[str], tmp_path: Path
) -> None:
    (tmp_path / "data.csv").write_text("a,b\n")
    with page_for(our_host.url, "every_argument") as url:
        await page.goto(url)
        await expect(run_button(page)).to_be_enabled()
        await fill(page)
        await attach(page, "data", tmp_path / "data.csv")
        await page.get_by_label("seconds", exact=True).fill("100")
        await run_button(page).click()
        await expect(page.get_by_text("Waiting for the model: ")).to_be_visible()
    away = page.get_by_role("alert").filter(has_text="The server is not responding.")
    await expect(away).to_be_visible()
    await assert_accessible(page)
    await expect(page.get_by_label("text (required)")).to_have_value("a cat & <dog> é")
    with page_for(our_host.url, "every_argument", urlsplit(url).port or 0):
        told = page.get_by_role("alert")
        await expect(told).to_contain_text("while the model was running")
        await expect(told).to_contain_text("Please attach these files again: data.csv")
        await expect(away).to_have_count(0)
        await is_filled(page)
        await page.get_by_label("seconds", exact=True).fill("0")
        await run(page)
        await expect(told).to_have_count(0)
        await page.close()
    # Chromium notes each question that nobody answers.
    problems[:] = [p for p in problems if not any(w in p for w in ("net::ERR", "rror"))]


async def test_earlier_answers_can_be_looked_at_again(page: Page, ours: str) -> None:
    await visit(page, ours, "every_argument")
    text = page.get_by_label("text (required)")
    answer = page.locator(".json-holder")
    earlier = page.get_by_label("Earlier results")
    await text.fill("first")
    await run(page)
    await expect(earlier).to_be_hidden()  # There is but one, and that is shown.
    await text.fill("second")
    await text.press("Enter")
    await expect(answer).to_contain_text('"second"')
    await choose(page, "Earlier results", re.compile("text: first"))
    await expect(answer).to_contain_text('"first"')
    await expect(page.locator(".waiting")).to_contain_text("Result of")
    await expect(text).to_have_value("second")

    await page.reload()
    await choose(page, "Earlier results", re.compile("text: second"))
    await expect(answer).to_contain_text('"second"')
