"""Arrays on the try-me page: typed or from files, shown as tables and pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser.try_me import (
    attach,
    block,
    complaint,
    downloaded,
    run,
    seen,
    visit,
    wait_until_started,
)
from PIL import Image
from playwright.async_api import Page, expect
from support.host import start_host

PREDICTOR = """
from typing import Annotated, TypedDict

import numpy as np

from deepaas.model.v2 import Tensor


class Out(TypedDict):
    inverted: np.ndarray
    doubled: np.ndarray


def shade(
    picture: Annotated[np.ndarray, Tensor("uint8", (-1, -1, 3))],
    points: Annotated[np.ndarray, Tensor("float32", (-1, 2))],
) -> Out:
    return {"inverted": 255 - picture, "doubled": points * 2}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("shade") / "shade.py"
    file.write_text(PREDICTOR)
    with start_host([], "--model-name", f"shade={file}:shade") as host:
        yield wait_until_started(host)


async def test_arrays_in_and_out(page: Page, url: str, tmp_path: Path) -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    Image.fromarray(pixels).save(tmp_path / "small.png")
    await visit(page, url, "shade")
    await expect(page.get_by_text("uint8 of shape [-1, -1, 3], as a file: .npy")).to_be_visible()
    await page.get_by_role("tab", name="Arrays").click()
    await attach(page, "picture", tmp_path / "small.png")
    points = block(page, "points").get_by_role("textbox")
    await points.fill("[[1, 2], [3]]")
    assert "lists" in await (await complaint(page, "points")).inner_text()
    await points.fill("[[1, 2], [3, 4.5]]")
    await run(page)
    pane = page.get_by_role("tabpanel").locator("visible=true")
    await expect(pane.get_by_text("uint8 of shape [4, 4, 3], from 208 to 255")).to_be_visible()
    await expect(pane.get_by_text("float32 of shape [2, 2], from 2 to 9")).to_be_visible()
    cells = pane.get_by_role("gridcell")
    await expect(cells.filter(has_text="9")).to_be_visible()
    await pane.get_by_role("button", name="As a picture").first.click()
    await seen(pane.get_by_role("img", name="Array").first, 4)
    file = pane.locator(".block").filter(has_text="Result (file)")
    loaded = np.load(io.BytesIO(await downloaded(page, file.get_by_role("link").first)))
    np.testing.assert_array_equal(loaded["inverted"], 255 - pixels)
    np.testing.assert_array_equal(loaded["doubled"], [[2, 4], [6, 9]])
