"""The site: built without a warning, from nothing but its own files, and fit for everybody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.chromium import FLAGS, PROGRAM

from .page import ROOT, pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# All of it: the site is built once.
pytestmark = pytest.mark.xdist_group("browser")

# Which page is shown, and whether it is wide, dark.
SEEN = [("index.html", 1280, "light"), ("reference/errors.html", 390, "dark")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``make docs`` makes."""
    folder = tmp_path_factory.mktemp("docs")
    built = folder / "html"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    said = subprocess.run(
        [*command, "-d", str(folder / "doctrees"), str(ROOT / "docs"), str(built)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    return built


class Loaded(HTMLParser):
    """The addresses of what a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        wanted = known.get("href") if tag == "link" else known.get("src")
        if wanted and tag != "a":
            self.addresses.append(wanted)


@pytest.mark.slow
def test_every_page_is_there_and_found(site: Path) -> None:
    navigation = (site / "index.html").read_text(encoding="utf-8")
    for page in pages():
        address = str(Path(page).relative_to("docs").with_suffix(".html"))
        assert (site / address).is_file()
        assert address == "index.html" or f'href="{address}"' in navigation, page


@pytest.mark.slow
def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    for file in site.rglob("*.html"):
        loaded = Loaded()
        loaded.feed(file.read_text(encoding="utf-8"))
        assert loaded.addresses
        for address in loaded.addresses:
            assert "//" not in address.partition("?")[0], f"{file.name} loads {address}"
            if not address.startswith("data:"):
                path = file.parent / address.partition("?")[0].partition("#")[0]
                assert path.exists(), f"{file.name} loads {address}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("address,width,scheme", SEEN)
def test_axe_has_no_complaint(
    site: Path, browser: Browser, address: str, width: int, scheme: str
) -> None:
    from axe_playwright_python.base import AXE_FILE_PATH

    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / address).as_uri())
    page.add_script_tag(path=AXE_FILE_PATH)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    complaints = [
        (violation["id"], node["target"], node.get("failureSummary"))
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert found["passes"]
    assert not complaints
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
