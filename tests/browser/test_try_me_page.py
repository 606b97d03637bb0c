"""The page of a model in a browser, for hosts of both kinds: ours and DEEPaaS 2.6.0."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from failures.host import MODELS, start_host
from failures.waiting import wait_until
from gradio_client import Client, handle_file
from playwright.async_api import Page, expect

SEVEN = Path(__file__).parent.parent.parent / "docs" / "images" / "seven.png"
UI = [sys.executable, "-c", "from deepaas.cmd.ui import main; main()"]
SERVED = ("every_argument", "every_output")

sys.path.append(str(MODELS))
from every_output import wav  # noqa: E402


@contextmanager
def try_me(api_url: str, folder: Path) -> Iterator[str]:
    """The page in a process of its own; its URL."""
    log = folder / "ui.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*UI, "--api-url", api_url, "--listen-port", "0"],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | {"TMPDIR": str(folder)},
        )
    try:
        wait_until(lambda: "listens at" in log.read_text(), "the page listens", 60)
        found = re.search(r"http://[^\s]+", log.read_text())
        assert found
        yield found[0].rstrip("/")
        # Before it is stopped: a visitor who is still there then is cut off, and that is noted.
        assert "Traceback" not in log.read_text()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        start_host(SERVED) as host,
        try_me(host.url, tmp_path_factory.mktemp("ui")) as url,
    ):
        yield url


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    peer = pytest.importorskip("compat.peer")
    from compat import hosts

    folder = tmp_path_factory.mktemp("theirs") / "host"
    models = {name: name for name in SERVED}
    path = {"PYTHONPATH": f"{folder}/site:{MODELS}", "PYTHONDONTWRITEBYTECODE": "1"}
    with (
        hosts.serving(peer.peer_program(), models, folder, environment=path) as host,
        try_me(f"http://127.0.0.1:{host.port}", tmp_path_factory.mktemp("ui")) as url,
    ):
        yield url


@pytest.fixture(params=["ours", "theirs"])
def url(request: pytest.FixtureRequest) -> str:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, str)
    return found


async def visit(page: Page, url: str, model: str) -> None:
    page.set_default_timeout(20_000)
    await page.goto(f"{url}/{model}/")
    await expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


async def run(page: Page) -> None:
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(page.get_by_text("Done", exact=True)).to_be_visible()


async def choose(page: Page, label: str, option: str) -> None:
    await page.get_by_label(label, exact=True).click()
    await page.get_by_role("option", name=option, exact=True).click()


def upload(page: Page, label: str) -> object:
    block = page.locator(".argument").filter(has=page.get_by_text(label, exact=True))
    return block.locator("input[type=file]")


async def test_every_kind_of_argument(page: Page, url: str, tmp_path: Path) -> None:
    (tmp_path / "tone.wav").write_bytes(wav())
    (tmp_path / "data.csv").write_text("a,b\n")
    await visit(page, url, "every_argument")
    await page.get_by_label("text (required)").fill("some text & more")
    await page.get_by_label("note A text").fill("")
    await page.get_by_label("secret A password").fill("hunter2")
    await choose(page, "choice", "green")
    await choose(page, "size", "4")
    await choose(page, "several", "c")
    await page.get_by_label("number input for count").fill("7")
    await page.get_by_label("whole", exact=True).fill("-5")
    await page.get_by_label("number input for share").fill("0.25")
    await page.get_by_label("flag", exact=True).uncheck()
    await page.get_by_label("off", exact=True).check()
    await page.get_by_label("day", exact=True).fill("2026-11-21")
    mapping = page.get_by_label("mapping – JSON", exact=True)
    await mapping.fill('{"a": [1, {"b": null}]}')
    for label, path in {
        "picture": SEVEN,
        "sound": tmp_path / "tone.wav",
        "data": tmp_path / "data.csv",
    }.items():
        await upload(page, label).set_input_files(path)  # type: ignore[attr-defined]
    await expect(page.get_by_text("data.csv").first).to_be_visible()
    await expect(page.locator(".argument img")).to_be_visible()
    # Beside a file an object is text, which a plain field does not take: that must be told.
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("mapping")
    await expect(page.locator(".complaint")).to_contain_text("mapping")
    await mapping.fill("{}")
    await run(page)
    await expect(page.locator(".complaint")).to_have_count(0)
    await page.get_by_role("button", name="Use via API").click()
    await expect(page.locator(".json-holder")).to_contain_text("data.csv")
    told = (await page.locator(".json-holder").inner_text()).replace("\n", "")
    for expected in (
        r'"text"\s*:\s*"some text & more"',
        r'"note"\s*:\s*""',
        r'"secret"\s*:\s*"hunter2"',
        r'"choice"\s*:\s*"green"',
        r'"size"\s*:\s*4',
        r'"several"\s*:\s*\[\s*"a"\s*,\s*"c"',
        r'"count"\s*:\s*7',
        r'"whole"\s*:\s*-5',
        r'"share"\s*:\s*0.25',
        r'"flag"\s*:\s*false',
        r'"off"\s*:\s*true',
        r'"day"\s*:\s*"2026-11-21"',
        hashlib.sha256(SEVEN.read_bytes()).hexdigest(),
        hashlib.sha256(wav()).hexdigest(),
        r'"name"\s*:\s*"data.csv"',
    ):
        assert re.search(expected, told), (expected, told)
    assert "at_least" not in told
    curl = page.locator(".cm-content").filter(has_text="curl").first
    await expect(curl).to_contain_text("text=some%20text%20%26%20more")
    await expect(curl).not_to_contain_text("hunter2")


async def test_every_kind_of_output(page: Page, url: str, problems: list[str]) -> None:
    await visit(page, url, "every_output")
    await run(page)
    await expect(page.get_by_label("text A text")).to_have_value("a <i>text</i> with *marks*")
    await expect(page.get_by_label("moment A moment")).to_have_value("2026-11-21 06:30:00 UTC")
    await expect(page.get_by_label("missing Never")).to_have_value("")
    await expect(page.get_by_test_id("cat-confidence-set")).to_contain_text("70%")
    picture = page.get_by_role("img", name="picture", exact=True)
    await expect(picture).to_have_js_property("naturalWidth", 64)
    for media_type in ("image/png", "text/plain", "text/html", "application/zip"):
        tab = page.get_by_role("tab", name=media_type, exact=True)
        if not await tab.is_visible():
            await (
                page.get_by_role("button", name=re.compile("more|overflow", re.I))
                .or_(page.locator(".overflow-menu > button"))
                .first.click()
            )
            tab = page.get_by_role("button", name=media_type, exact=True).or_(tab).first
        await tab.click()
        await run(page)
        if media_type == "image/png":
            image = page.get_by_role("img", name="The answer")
            await expect(image).to_have_js_property("naturalWidth", 64)
        elif media_type == "text/plain":
            answer = page.get_by_label("Answer (text/plain)")
            await expect(answer).to_have_value("plain <b>text</b>\n  in two lines")
        elif media_type == "text/html":
            frame = page.frame_locator("iframe.answer-frame")
            await expect(frame.get_by_role("heading", name="Hello")).to_be_visible()
            assert "script ran" not in await frame.locator("body").inner_text()
            assert await page.evaluate("window.hacked") is None
        else:
            row = page.get_by_role("row", name=re.compile(r"answer\.zip"))
            await expect(row.get_by_role("link")).to_be_visible()
    # Chromium notes what it has kept the frame from doing.
    problems[:] = [p for p in problems if "sandboxed" not in p and "Content Security" not in p]


async def test_errors_are_the_hosts_words(page: Page, ours: str) -> None:
    await visit(page, ours, "every_output")
    for status, words in (
        (400, "this picture <b>cannot</b> be read"),
        (422, "nothing to be found"),
        (500, "ValueError: the model is unhappy"),
    ):
        await page.get_by_label("refuse").fill(str(status))
        await page.get_by_role("button", name="Run", exact=True).click()
        await expect(page.get_by_role("alert")).to_have_text(words)
    await page.get_by_label("refuse").fill("0")
    await run(page)
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_cancelled_call_is_interrupted(page: Page, ours: str) -> None:
    await visit(page, ours, "every_argument")
    await page.get_by_label("text (required)").fill("x")
    await page.get_by_label("seconds", exact=True).fill("100")
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(page.get_by_text("Waiting for the model: 2 s")).to_be_visible()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    await page.get_by_label("seconds", exact=True).fill("0")
    # The only worker is free again: it would take 100 s otherwise.
    await run(page)


async def test_examples(page: Page, ours: str) -> None:
    await visit(page, ours, "every_argument")
    await page.get_by_role("gridcell", name="second example").click()
    await expect(page.get_by_label("text (required)")).to_have_value("second example")
    await run(page)
    await expect(page.locator(".json-holder")).to_contain_text("blue")


async def test_by_keyboard_on_a_phone(page: Page, ours: str) -> None:
    await page.set_viewport_size({"width": 360, "height": 700})
    await visit(page, ours, "every_argument")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.get_by_label("text (required)").focus()
    await page.keyboard.type("typed")
    button = page.get_by_role("button", name="Run", exact=True)
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await button.evaluate("one => one === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await expect(page.locator(".json-holder")).to_contain_text("typed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("model", SERVED)
async def test_axe_has_no_complaint(page: Page, ours: str, model: str, scheme: str) -> None:
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await visit(page, ours, model)
    if model == "every_argument":
        await page.get_by_label("text (required)").fill("fine")
    await run(page)
    await page.get_by_role("button", name="Use via API").click()
    await expect(page.get_by_role("tab", name="Python")).to_be_visible()
    await page.evaluate(AXE_FILE_PATH.read_text())
    found = await page.evaluate("axe.run()")
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert serious == [], json.dumps(serious, indent=1)[:4000]


async def test_gradio_client_calls_every_model(url: str, tmp_path: Path) -> None:
    await asyncio.to_thread(_call_with_gradio_client, url, tmp_path)


def _call_with_gradio_client(url: str, folder: Path) -> None:
    client = Client(f"{url}/every_argument/", verbose=False, download_files=folder)
    told = client.predict(
        text="hi", count=5, several=["b"], picture=handle_file(str(SEVEN)), api_name="/predict"
    )
    assert (told["text"], told["count"], told["several"]) == ("hi", 5, ["b"])
    assert told["picture"]["name"] == "seven.png"
    with pytest.raises(Exception, match="This text is refused"):
        client.predict(text="refuse", api_name="/predict")
    client = Client(f"{url}/every_output/", verbose=False, download_files=folder)
    assert client.predict(api_name="/predict")["integer"] == 7
    assert Path(client.predict(api_name="/predict_image_png")).read_bytes()[:4] == b"\x89PNG"
    assert "<h1>" in client.predict(api_name="/predict_text_html")
