"""Arrays on the try-me page: typed or from files, shown as tables and pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser.try_me import (
    assert_accessible,
    attach,
    block,
    choose,
    complaint,
    downloaded,
    run,
    seen,
    visit,
    wait_until_started,
)
from PIL import Image
from playwright.async_api import Locator, Page, expect
from support.host import start_host

SAME = Path(__file__).parents[1] / "deepinv" / "predictors" / "arrays.py:Same"
"""Gives back what it got; other tests compare the other protocols of the host."""

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
    options = ("--model-name", f"shade={file}:shade", "--model-name", f"same={SAME}")
    with start_host([], *options) as host:
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
    # It is no table, so that it is shown at once; its pixels are repeated.
    await seen(pane.get_by_alt_text("Array", exact=True).first, 512)
    await expect(pane.get_by_alt_text("Array that was sent").first).to_be_visible()
    file = pane.locator(".block").filter(has_text="Result (file)")
    loaded = np.load(io.BytesIO(await downloaded(page, file.get_by_role("link").first)))
    np.testing.assert_array_equal(loaded["inverted"], 255 - pixels)
    np.testing.assert_array_equal(loaded["doubled"], [[2, 4], [6, 9]])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "bool", "complex64"])
async def test_the_same_comes_back(page: Page, url: str, tmp_path: Path, dtype: str) -> None:
    array = np.arange(48).reshape(2, 1, 4, 6).astype(dtype)
    np.save(tmp_path / "y.npy", array)
    await visit(page, url, "same")
    await page.get_by_role("tab", name="Array", exact=True).click()
    await attach(page, "y", tmp_path / "y.npy")
    await run(page)
    pane = page.get_by_role("tabpanel").locator("visible=true")
    file = pane.locator(".block").filter(has_text="Result (file)")
    loaded = np.load(io.BytesIO(await downloaded(page, file.get_by_role("link").first)))
    assert loaded.dtype == array.dtype
    np.testing.assert_array_equal(loaded, array)


RECONSTRUCTION = """
import base64
import io

import numpy as np
from webargs import fields

from deepaas.model.deepinv import PhysicsRegistry
from deepaas.model.v2.fields import Tensor

PHYSICS = PhysicsRegistry()
PHYSICS.add("denoising", lambda y, **given: given, sigma=fields.Float(load_default=0.1))
PHYSICS.add("blur", lambda y, **given: given, filter=Tensor("float32", (-1, -1), required=True))
SHAPE = (-1, 1, -1, -1)
schema = {"x_hat": Tensor("float32", SHAPE, required=True)}


def url(array):
    file = io.BytesIO()
    np.save(file, np.float32(array))
    return "data:application/x-npy;base64," + base64.b64encode(file.getvalue()).decode()


def get_metadata():
    y = url(np.full((1, 1, 8, 8), 0.75))
    kernel = url(np.full((2, 2), 0.25))
    examples = [
        {"y": y, "physics": "denoising"},
        {"y": y, "physics": "blur", "filter": kernel},
        # The page has no place for it.
        {"y": [[[[1, 2]]]], "physics": "denoising", "sigma": 0.75},
    ]
    return {"name": "Reconstruction", "examples": examples}


def get_predict_args():
    return {"y": Tensor("float32", SHAPE, required=True), **PHYSICS.arguments(default="denoising")}


def predict(y, physics, **parameters):
    PHYSICS.build(physics, y, **parameters)
    return {"x_hat": y - 0.25}
"""


@pytest.fixture(scope="module")
def reconstruction(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("reconstruction") / "reconstruction.py"
    file.write_text(RECONSTRUCTION)
    with start_host([], "--model-name", f"reconstruction={file}") as host:
        yield wait_until_started(host)


async def shade(image: Locator) -> int:
    """The shade of the middle of a picture of one."""
    script = """async one => {
      await one.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [1, 1];
      const context = canvas.getContext("2d");
      context.drawImage(one, 0, 0, 1, 1);
      return context.getImageData(0, 0, 1, 1).data[0];
    }"""
    return int(await image.evaluate(script))


async def test_before_and_after(page: Page, reconstruction: str, tmp_path: Path) -> None:
    await visit(page, reconstruction, "reconstruction")
    # Nobody wants nested lists of pictures.
    await expect(page.get_by_role("tab", name="Array", exact=True)).to_have_attribute(
        "aria-selected", "true"
    )
    await page.get_by_role("row").filter(has_text="blur").click()
    await expect(block(page, "filter").get_by_role("textbox")).to_contain_text("0.25")
    await run(page)
    pane = page.get_by_role("tabpanel").locator("visible=true")
    before, after = pane.get_by_alt_text("Array that was sent"), pane.get_by_alt_text("Array").last
    await expect(before).to_be_visible()
    assert (await shade(before), await shade(after)) == (191, 128)

    await pane.get_by_role("button", name="Adjust and compare").click()
    white = pane.get_by_label("White")
    await expect(white).to_have_value("1")
    drawn = str(await after.get_attribute("src"))
    await white.fill("0.5")
    await expect(after).not_to_have_attribute("src", drawn)
    assert await shade(after) == 255
    np.save(tmp_path / "reference.npy", np.full((1, 1, 8, 8), 0.6, np.float32))
    async with page.expect_file_chooser() as chooser:
        await pane.get_by_role("button", name="Click to upload").click()
    await (await chooser.value).set_files(tmp_path / "reference.npy")
    await expect(pane.get_by_text("PSNR: 20.0 dB, before 16.5 dB")).to_be_visible()

    Image.new("L", (8, 8), 255).save(tmp_path / "white.png")
    await block(page, "y").get_by_label("Clear").click()
    await attach(page, "y", tmp_path / "white.png")
    await run(page)
    await expect(
        pane.get_by_text("float32 of shape [1, 1, 8, 8], from 0.75 to 0.75")
    ).to_be_visible()
    assert (await shade(before), await shade(after)) == (255, 191)
    await assert_accessible(page)
    # The reference is still there.
    await expect(pane.get_by_text("PSNR: 16.5 dB, before 8.0 dB")).to_be_visible()


async def test_a_parameter_that_does_not_belong_to_the_physics(
    page: Page, reconstruction: str
) -> None:
    await visit(page, reconstruction, "reconstruction")
    await page.get_by_role("row").filter(has_text="blur").click()
    await choose(page, "physics", "denoising")
    said = await (await complaint(page, "filter")).inner_text()
    assert "Not a parameter of the physics 'denoising'. It has: sigma." in said


STEPS = """
import time

import numpy as np

from deepaas.model.v2 import run
from deepaas.model.v2.fields import Tensor

SHAPE = (-1, 1, -1, -1)
schema = {"x_hat": Tensor("float32", SHAPE, required=True)}


def predict():
    for step in range(1, 4):
        run.progress(step, 3)
        yield {"x_hat": np.full((1, 1, 8, 8), step / 4, np.float32)}
"""


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("steps") / "steps.py"
    file.write_text(STEPS)
    with start_host([], "--model-name", f"steps={file}") as host:
        yield wait_until_started(host)


async def test_steps_are_pictures(page: Page, steps: str) -> None:
    await visit(page, steps, "steps")
    await run(page)
    pictures = page.locator(".thumbnail-item img, .grid-container img")
    await expect(pictures).to_have_count(3)
    assert [await shade(pictures.nth(number)) for number in range(3)] == [64, 128, 191]
