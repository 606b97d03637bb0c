"""The Train tab as a visitor uses it, for its tests."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from browser.try_me import unfold
from playwright.async_api import Locator, Page, Request, expect
from support.waiting import wait_until


@contextmanager
def page_for(host_url: str, name: str, port: int = 0) -> Iterator[str]:
    """The page of a model, as `deepaas-ui` serves it; at a free port by default."""
    # With Gradio, which takes longer than to collect all tests of this folder.
    import uvicorn

    from deepaas.client.api import Api
    from deepaas.ui.server import build

    config = uvicorn.Config(build(Api(host_url)), log_level="critical", ws="none")
    with socket.create_server(("127.0.0.1", port)) as listening:
        server = uvicorn.Server(config)
        # The tests' own loop runs in this thread.
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            wait_until(lambda: server.started, "the page is served")
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/{name}/"
        finally:
            server.should_exit = server.force_exit = True
            thread.join()


class Tab:
    """The tab in the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.start = page.get_by_role("button", name="Start training")
        self.rows = page.get_by_role("region", name="Training runs").locator("tbody tr")
        self.plots = page.locator("figure")
        self.log = page.get_by_role("log")
        self.looks: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if "/run/" in request.url:
            self.looks.append(request.url)

    async def open(self, url: str) -> None:
        await self.page.goto(url)
        await self.turn_to()

    async def turn_to(self) -> None:
        await self.page.get_by_role("tab", name="Train").click()
        await self.is_shown()
        await unfold(self.page)

    async def is_shown(self) -> None:
        """Wait for what the table has to tell."""
        nothing = self.page.get_by_text("No training runs yet.")
        await expect(self.rows.first.or_(nothing).first).to_be_visible()

    def box(self, name: str) -> Locator:
        """Where the value of an argument is typed; a slider has such a box beside it."""
        label = self.page.get_by_label(re.compile(rf"^\s*(number input for )?{name}\b"))
        box = label.and_(self.page.locator("input:not([type=range]), textarea"))
        return box.locator("visible=true").first

    async def fill(self, **values: object) -> None:
        for name, value in values.items():
            await self.box(name).fill(str(value))

    async def begin(self, **values: object) -> Locator:
        """Start a training; its row."""
        before_count = await self.rows.count()
        await self.fill(**values)
        await self.start.click()
        await expect(self.rows).to_have_count(before_count + 1)
        await expect(self.rows.first.get_by_role("checkbox")).to_be_checked()
        return self.rows.first

    async def has_points(self, metric: str, count: int, color: int = 0) -> None:
        plot = self.plots.filter(has=self.page.get_by_text(metric, exact=True))
        await expect(plot.locator(f"circle.c{color}")).to_have_count(count)
