"""A training of demo_app from the landing page to its curves in TensorBoard, and to its weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from support import client
from support.host import Host, start_host
from support.waiting import wait_until

SEVEN = Path(__file__).parents[2] / "docs" / "images" / "seven.png"
TRAIN = "/v2/models/demo_app/train/"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    # PyTorch leaves a folder for its cache in the temporary folder.
    with start_host([], "--model-name", "demo_app", tmp=tmp_path) as host:
        yield host


async def test_the_curves_of_a_training(page: Page, host: Host, tmp_path: Path) -> None:
    asked = client.request(host.port, "POST", f"{TRAIN}?name=mine&epochs=3&copies=0")
    assert asked.status == 200, asked.body
    path = f"{TRAIN}{asked.json()['uuid']}"

    def run() -> Any:
        return host.get(path).json()

    wait_until(lambda: run()["status"] not in ("queued", "running"), "the training ends")
    assert run()["status"] == "done", run()
    assert host.get(f"{path}/metrics").json()["accuracy/validation"]["steps"] == [1, 2, 3]

    (curves,) = [link["href"] for link in run()["links"] if link["rel"] == "tensorboard"]
    await page.goto(f"{host.url}/")
    await expect(page.get_by_role("link", name="TensorBoard")).to_be_visible()
    await page.goto(f"{host.url}{curves}")
    card = page.locator("card-view").filter(has_text="accuracy/validation")
    # The table below the curve has its last value.
    await expect(card).to_contain_text("demo_app-")
    await expect(card.locator("line-chart canvas, line-chart svg").first).to_be_visible()
    await page.screenshot(path=tmp_path / "curves.png")

    # The new weights can be used at once.
    await page.goto(f"{host.url}/")
    await page.get_by_role("link", name="Try predict").click()
    operation = page.locator(".opblock-post.is-open")
    await operation.locator("input[type=file]").first.set_input_files(SEVEN)
    await operation.locator(
        "tr[data-param-name=weights] input, tr[data-param-name=weights] select"
    ).first.fill("mine")
    await operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table tbody tr.response").first
    await expect(answer.locator(".response-col_status")).to_contain_text("200")
