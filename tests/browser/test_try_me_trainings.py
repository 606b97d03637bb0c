"""The Train tab as a visitor uses it, against real hosts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import pytest_asyncio
from browser.train_tab import Tab, page_for
from browser.try_me import Kept, assert_accessible, tab_to
from playwright.async_api import Browser, Page, ViewportSize, expect
from support import client
from support.host import Host, start_host

PHONE = ViewportSize(width=390, height=800)


@pytest_asyncio.fixture(loop_scope="session")
async def tab(kept: Kept, ours: str) -> Tab:
    """That of `trains`, with the trainings of the tests before."""
    tab = Tab(await kept(ours, "trains"))
    await tab.turn_to()
    return tab


@pytest.fixture
def host(our_host: Host) -> Iterator[Host]:
    """The host that the tests share, where no training goes on when one has ended."""
    yield our_host
    path = "/v2/models/trains/train/"
    for state in ("queued", "running"):
        for run in our_host.get(f"{path}?status={state}").json():
            client.request(our_host.port, "DELETE", f"{path}{run['uuid']}")


async def test_watched_to_the_end(tab: Tab, host: Host) -> None:
    row = await tab.begin(how="steps", text="a", count=3)
    await expect(row).to_contain_text("running")
    host.touch("a-0")
    await expect(row).to_contain_text("1/3 · step 0")
    await expect(tab.log).to_contain_text("step 0")
    await tab.has_points("loss", 1)
    await expect(tab.page.get_by_role("progressbar")).to_have_attribute("value", "0.3333")
    host.touch("a-1")
    await tab.has_points("loss", 2)
    host.touch("a-2")
    await expect(row).to_contain_text("done")
    await expect(row).to_contain_text("3/3 · step 2")
    await tab.has_points("loss", 3)
    await expect(tab.log).to_contain_text("step 2")
    await expect(tab.page.get_by_label("Result of")).to_contain_text('{"steps": 3}')
    await expect(tab.page.get_by_role("progressbar")).to_have_count(0)
    await expect(tab.page.get_by_role("button", name="Cancel")).to_have_count(0)
    await expect(tab.page.get_by_text("was started. ID: ")).to_be_visible()
    await expect(tab.page.get_by_text("is running")).to_have_count(0)

    for number in range(2):
        host.touch(f"b-{number}")
    row = await tab.begin(how="steps", text="b", count=2)
    await expect(row).to_contain_text("done")
    await tab.has_points("loss", 2)
    # Both over each other: the one that was picked first keeps its colour.
    await tab.rows.nth(1).get_by_role("checkbox").check()
    await tab.has_points("loss", 2, color=0)
    await tab.has_points("loss", 3, color=1)
    await expect(tab.plots.locator(".legend li")).to_have_count(2)
    await expect(tab.page.get_by_role("img", name="loss:")).to_be_visible()
    await expect(tab.log).to_contain_text("step 2")
    ticks = tab.plots.locator("text.y")
    places = [await tick.get_attribute("y") for tick in await ticks.all()]
    await tab.page.get_by_label("Logarithmic scale").check()
    await expect(ticks.first).not_to_have_attribute("y", places[0] or "")


async def test_one_that_runs_fits_axe_and_a_phone_and_is_cancelled(tab: Tab, host: Host) -> None:
    page = tab.page
    row = await tab.begin(how="waits", text="w")
    await expect(tab.log).to_contain_text("waiting")
    await expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    await assert_accessible(page)
    await page.set_viewport_size(PHONE)
    await assert_accessible(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    await page.get_by_role("button", name="Cancel").click()
    await expect(row).to_contain_text("cancelled")
    await expect(page.get_by_text("cancelled on request.")).to_be_visible()
    assert host.journal()[-2:] == ["begins w", "leaves w"]
    await expect(tab.page.get_by_role("button", name="Cancel")).to_have_count(0)


@pytest.mark.usefixtures("host")
async def test_several_are_cancelled_at_once(tab: Tab) -> None:
    await tab.begin(how="waits", text="one")
    await tab.begin(how="waits", text="two")
    await tab.rows.nth(1).get_by_role("checkbox").check()
    await tab.page.get_by_role("button", name="Cancel 2 runs").click()
    for number in range(2):
        await expect(tab.rows.nth(number)).to_contain_text("cancelled")


async def test_a_failure_tells_why(tab: Tab) -> None:
    row = await tab.begin(how="raises", text="<b>on</b> purpose")
    await expect(row).to_contain_text("error")
    await expect(tab.page.get_by_label("Message of")).to_contain_text("<b>on</b> purpose")
    await expect(tab.log).to_contain_text("ValueError")


async def test_by_keyboard_alone(tab: Tab, host: Host) -> None:
    page, keyboard = tab.page, tab.page.keyboard
    await page.get_by_role("tab", name="Predict").click()
    # The Tab key goes on from here, as in a new page.
    await page.get_by_role("heading", level=1).click()
    await tab_to(page, page.get_by_role("tab", name="Predict"))
    await tab_to(page, page.get_by_role("tab", name="Train"))
    await keyboard.press("Enter")
    await tab.is_shown()
    for name, value in (("how", "steps"), ("text", "k"), ("count", "2")):
        await tab_to(page, tab.box(name))
        await keyboard.press("Control+a")
        await keyboard.type(value)
    before_count = await tab.rows.count()
    await tab_to(page, tab.start)
    await keyboard.press("Enter")
    await expect(tab.rows).to_have_count(before_count + 1)
    box = tab.rows.first.get_by_role("checkbox")
    await expect(box).to_be_checked()
    host.touch("k-0")
    await tab.has_points("loss", 1)
    await tab_to(page, box)
    await keyboard.press("Space")
    await expect(page.get_by_text("Select runs in the table")).to_be_visible()
    await keyboard.press("Space")
    await tab_to(page, page.get_by_role("button", name="Cancel"))
    await keyboard.press("Enter")
    await expect(tab.rows.first).to_contain_text("cancelled")


async def test_the_host_is_asked_only_while_somebody_looks(browser: Browser, ours: str) -> None:
    tab = Tab(await browser.new_page())  # A clock that is set stays in the profile.
    await tab.page.clock.install()
    await tab.open(f"{ours}/trains_slowly/")
    await tab.page.clock.run_for(1_000)
    await expect(tab.page.get_by_text("No training runs yet.")).to_be_visible()
    looked_count = len(tab.looks)
    await tab.page.get_by_role("tab", name="Predict").click()
    await tab.page.clock.run_for(60_000)
    assert len(tab.looks) == looked_count
    await tab.page.get_by_role("tab", name="Train").click()
    async with tab.page.expect_request("**/run/**"):
        await tab.page.clock.run_for(1_000)
    await tab.page.close()


async def test_a_host_that_has_gone(page: Page) -> None:
    tab = Tab(page)
    with start_host(["trains"]) as host, page_for(host.url, "trains") as url:
        await tab.open(url)
        await tab.begin()
        await expect(tab.rows.first).to_contain_text("done")
        host.stop()
        await expect(tab.page.get_by_role("alert")).to_contain_text("Cannot connect to")
        await expect(tab.rows).to_have_count(1)
        await tab.page.close()


async def test_deepaas_26(page: Page, theirs: str) -> None:
    tab = Tab(page)
    await tab.open(f"{theirs}/acts/")
    row = await tab.begin(act="count")
    await expect(row).to_contain_text("done")
    await expect(row).to_contain_text("0:00:0")
    await expect(page.get_by_label("Result of")).to_contain_text("1")
    await expect(page.get_by_text("This host has DEEPaaS 2.6")).to_be_visible()
    for heading in ("Metrics", "Files of", "Log of"):
        await expect(page.get_by_role("heading", name=heading)).to_have_count(0)
    row = await tab.begin(act="fail", text="on purpose")
    await expect(row).to_contain_text("error")
    await expect(page.get_by_label("Message of")).to_contain_text("on purpose")
    await tab.begin(act="wait", text="w")
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("this host has deleted it")).to_be_visible()
    await expect(tab.rows).to_have_count(2)
