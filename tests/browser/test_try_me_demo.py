"""demo_app in a browser: predictions of every media type, and its trainings.

They are asked for on its try-me page, and on the pages that the landing page leads to.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.train_tab import Tab
from browser.try_me import (
    SEVEN,
    Kept,
    attach,
    block,
    choose,
    downloaded,
    look,
    picture,
    plays,
    run,
    run_button,
    seen,
    visit,
    wait_until_started,
)
from models.media_samples import wav
from playwright.async_api import Page, expect
from support.host import Host, start_host

pytestmark = pytest.mark.xdist_group("demo_host")  # With the docs' tests of demo_app.

TRAINED_SECONDS = 90
"""What a few epochs take on a machine that is busy with other tests."""

TRAIN = "/v2/models/demo_app/train/"
FILM = Path(__file__).parents[1] / "models" / "film.mp4"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    # PyTorch leaves a folder for its cache in the temporary folder.
    folder = tmp_path_factory.mktemp("demo")
    with start_host([], "--model-name", "demo_app", tmp=folder) as host:
        wait_until_started(host)
        yield host


async def test_a_digit_is_read(page: Page, host: Host, tmp_path: Path) -> None:
    (tmp_path / "seven.wav").write_bytes(wav())
    await page.set_viewport_size({"width": 1100, "height": 1000})
    await visit(page, f"{host.url}/try-me", "demo_app")
    await attach(page, "image", SEVEN)
    await run(page)
    await expect(page.get_by_label("label The most likely")).to_have_value("7")
    await expect(page.get_by_role("heading", name="7", exact=True)).to_be_visible()
    await expect(page.get_by_role("img", name="preprocessed")).to_be_visible()
    await picture(page, "try-me-predict")
    await look(page, dark=True)
    await picture(page, "try-me-dark")
    await look(page, dark=False)
    await page.set_viewport_size({"width": 390, "height": 800})
    await picture(page, "try-me-phone")
    await page.set_viewport_size({"width": 1100, "height": 1000})

    await choose(page, "polarity", "dark-on-light")
    await page.get_by_label("labels – JSON", exact=True).fill('{"7": "seven"}')
    await page.get_by_label("caption Caption").fill("a caption")
    await page.get_by_label("signing_key").fill("key")
    await attach(page, "audio", tmp_path / "seven.wav")
    await attach(page, "video", FILM)
    await run(page)
    await expect(page.get_by_label("label The most likely")).to_have_value("seven")
    await expect(page.get_by_label("signature HMAC")).not_to_have_value("")
    for medium in ("audio", "video"):
        # The second: the first is what was sent.
        answered = page.locator(".block").filter(has=page.get_by_test_id("block-label"))
        await plays(answered.filter(has=page.locator(f"{medium}[src]")).last, medium)


async def test_examples_and_what_is_no_picture(kept: Kept, host: Host, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_text("no picture at all")
    page = await kept(f"{host.url}/try-me", "demo_app")
    await page.get_by_role("grid").get_by_role("row").nth(1).click()
    await expect(block(page, "image").locator("img")).to_be_visible()
    await run(page)
    await expect(page.get_by_label("label The most likely")).not_to_have_value("")
    await page.reload()
    await expect(run_button(page)).to_be_enabled()
    await attach(page, "image", tmp_path / "broken.png")
    await run_button(page).click()
    await expect(page.get_by_role("alert")).to_contain_text("not a PNG or JPEG image")


async def _attach_instead(page: Page, path: Path) -> None:
    remove = block(page, "image").get_by_role("button", name="Remove Image")
    if await remove.is_visible():
        await remove.click()
    await attach(page, "image", path)


async def test_media_types(kept: Kept, host: Host) -> None:
    page = await kept(f"{host.url}/try-me", "demo_app")
    await _attach_instead(page, SEVEN)
    await page.get_by_role("tab", name="Picture").click()
    await run(page)
    await seen(page.get_by_role("img", name="Result"), 690)
    await page.get_by_role("tab", name="File (ZIP)").click()
    await run(page)
    content = await downloaded(page, page.get_by_role("row", name="answer").get_by_role("link"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert json.loads(archive.read("prediction.json"))["label"] == "7"


async def test_from_the_landing_page_to_the_label(page: Page, host: Host) -> None:
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


async def test_trainings(kept: Kept, page: Page, host: Host, tmp_path: Path) -> None:
    tab = Tab(await kept(f"{host.url}/try-me", "demo_app"))
    await tab.turn_to()
    await tab.fill(name="no name", epochs=3, copies=0)
    await tab.start.click()
    await expect(tab.page.get_by_role("alert")).to_contain_text("Not started.")
    complaint = tab.page.get_by_text("Letters, digits, '.', '_', '-' only.")
    await expect(complaint).to_be_visible()

    row = await tab.begin(name="quick")
    await expect(complaint).to_have_count(0)
    await expect(row).to_contain_text("done", timeout=TRAINED_SECONDS * 1000)
    await expect(row).to_contain_text("3/3 · validation accuracy")
    await expect(tab.plots).to_have_count(4)
    await tab.has_points("loss/validation", 3)
    await expect(tab.log).to_contain_text("epoch   3")
    await _assert_files(tab, host, tmp_path)
    await _assert_curves(page, host)
    await _assert_weights(page, host, "quick")

    await tab.begin(name="slow", epochs=200, learning_rate=0.01, copies=0)
    quick = await tab.rows.nth(1).get_by_role("rowheader").inner_text()
    await tab.rows.nth(1).get_by_role("checkbox").check()
    # Each time until that has come back: the table may be made anew meanwhile, with the old ticks.
    await expect(tab.page.get_by_role("heading", name=f"Log of {quick}")).to_be_visible()
    # Picked last, the new one has its log and its files shown.
    await tab.rows.first.get_by_role("checkbox").uncheck()
    await expect(tab.plots.first.locator("circle.c1")).to_have_count(0)
    await tab.rows.first.get_by_role("checkbox").check()
    await expect(tab.plots.first.locator("circle.c1").nth(3)).to_be_attached(
        timeout=TRAINED_SECONDS * 1000
    )
    await expect(tab.page.get_by_role("heading", name="Log of")).to_be_visible()
    await expect(tab.log).to_contain_text("epoch   4")
    await picture(tab.page, "try-me-train", whole=True)
    await tab.page.get_by_role("button", name="Cancel").click()
    await expect(tab.rows.first).to_contain_text("cancelled")


async def _assert_files(tab: Tab, host: Host, folder: Path) -> None:
    run = host.get(TRAIN).json()[0]
    links = {link["rel"]: link["href"] for link in run["links"]}
    weights = host.get(f"{links['files']}quick.pt").body
    async with tab.page.expect_download() as download:
        await tab.page.get_by_role("link", name="quick.pt").click()
    saved = folder / "quick.pt"
    await (await download.value).save_as(saved)
    assert saved.read_bytes() == weights
    async with tab.page.expect_download() as download:
        await tab.page.get_by_role("link", name="All files").click()
    await (await download.value).save_as(folder / "all.zip")
    with zipfile.ZipFile(folder / "all.zip") as archive:
        assert any(name.endswith("quick.pt") for name in archive.namelist())
    link = tab.page.get_by_role("main").get_by_role("link", name="TensorBoard")
    assert await link.evaluate("one => one.href") == f"{host.url}{links['tensorboard']}"


async def _assert_curves(page: Page, host: Host) -> None:
    (run,) = host.get(TRAIN).json()
    assert run["status"] == "done", run
    measured = host.get(f"{TRAIN}{run['uuid']}/metrics").json()
    assert measured["accuracy/validation"]["steps"] == [1, 2, 3]
    (curves,) = [link["href"] for link in run["links"] if link["rel"] == "tensorboard"]
    await page.goto(f"{host.url}/")
    await expect(page.get_by_role("link", name="TensorBoard")).to_be_visible()
    await page.goto(f"{host.url}{curves}")
    card = page.locator("card-view").filter(has_text="accuracy/validation")
    # The table below the curve has its last value.
    await expect(card).to_contain_text("demo_app-")
    await expect(card.locator("line-chart canvas, line-chart svg").first).to_be_visible()


async def _assert_weights(page: Page, host: Host, name: str) -> None:
    """The new ones can be used at once."""
    await page.goto(f"{host.url}/")
    await page.get_by_role("link", name="Try predict").click()
    operation = page.locator(".opblock-post.is-open")
    await operation.locator("input[type=file]").first.set_input_files(SEVEN)
    await operation.locator(
        "tr[data-param-name=weights] input, tr[data-param-name=weights] select"
    ).first.fill(name)
    await operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table tbody tr.response").first
    await expect(answer.locator(".response-col_status")).to_contain_text("200")
