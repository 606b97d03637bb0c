"""A button that is enabled is heard."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from deepaas.ui.stubs import without_stubs


@pytest.fixture
def ends() -> threading.Event:
    return threading.Event()


@pytest.fixture
def url(ends: threading.Event) -> Iterator[str]:
    """A page whose function has shown all it has to show before it ends."""
    with without_stubs():  # And not when tests are collected, by each process.
        import gradio as gr

        from deepaas.ui.again import enable_again
    count = 0

    def slow() -> Iterator[list[object]]:
        nonlocal count
        yield [gr.update(interactive=False), gr.skip()]
        count += 1
        yield [gr.skip(), f"Answer {count}"]
        assert ends.wait(60)

    with gr.Blocks(analytics_enabled=False) as page:
        button = gr.Button("Run")
        shown = gr.Textbox(label="Shown")
        enable_again(button, button.click(slow, None, [button, shown]))
    _, local_url, _ = page.launch(
        server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, inbrowser=False
    )
    yield local_url
    page.close(verbose=False)


async def test_a_click_is_not_lost(page: Page, url: str, ends: threading.Event) -> None:
    """Gradio ignores clicks between the last update of a function and its end."""
    await page.goto(url)
    button = page.get_by_role("button", name="Run", exact=True)
    await button.click()
    await expect(page.get_by_label("Shown")).to_have_value("Answer 1")
    await expect(button).to_be_disabled()
    ends.set()
    await button.click()
    await expect(page.get_by_label("Shown")).to_have_value("Answer 2")
