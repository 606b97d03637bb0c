"""The reference has every option, every route and every error, and no others."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from deepaas import errors
from deepaas.app import build_app
from deepaas.config import Settings
from deepaas.model.registry import Registry
from deepaas.web.errors import STATUS
from deepaas.web.health import Drain

from .pasted import ROOT

TEXT = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
PAGES = [f"docs/{page}" for page in ("how-to.md", "migrating.md", "reference.md", "tutorial.md")]
NO_PAGES = {"/ui", "/ui/", "/api/", "/static/swagger/{name}"}
"""What only leads to the Swagger page or belongs to it."""


def rows(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head."""
    (section,) = re.findall(rf"^##+ {heading}\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def options() -> dict[str, tuple[str, str]]:
    """Cells of the options table by the option's name: names and default."""
    cells = {}
    for names, default, _ in rows("Options"):
        name = re.findall(r"`--([\w-]+)`", names)[0]
        cells[name.replace("-", "_")] = (names, default)
    return cells


def test_options_are_those_of_the_settings() -> None:
    assert list(options()) == [field.name for field in dataclasses.fields(Settings)]


@pytest.mark.parametrize("field", dataclasses.fields(Settings), ids=lambda field: field.name)
def test_option_is_documented_as_it_is(field: dataclasses.Field[object]) -> None:
    names, default = options()[field.name]
    if isinstance(field.default, bool):
        assert f"`--no{field.name.replace('_', '-')}`" in names
        assert default == ("on" if field.default else "off")
    elif field.default in ((), ""):
        assert default == {"model_name": "all installed"}.get(field.name, "empty")
    elif isinstance(field.default, float):
        assert float(default.strip("`")) == field.default
    else:
        assert default == f"`{field.default}`"
    short = field.metadata.get("short")
    assert (f"`-{short}`" in names) == (short is not None)


async def test_routes_are_those_of_the_application(tmp_path: Path) -> None:
    app = build_app(Settings(), Registry([]), tmp_path, Drain())
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    documented = {
        (method, path.strip("`"))
        for methods, path, _ in rows("HTTP API")
        for method in methods.split(", ")
    }
    assert documented == {(method, path) for method, path in served if path not in NO_PAGES}


def test_errors_are_those_of_the_table() -> None:
    documented = {(status, word.strip("`")) for status, word, _ in rows("Errors")}
    known = {
        (str(status), kind.code)
        for kind, status in STATUS.items()
        if kind is not errors.DeepaasError  # The base, never raised itself.
    }
    own = {("405", ""), ("any", errors.ModelRefused.code)}
    assert documented == known | own


NOT_SETTINGS = {"config-file", "config-dir", "version", "help"}
GONE = {"use-syslog", "log-dir"}
"""Options of DEEPaaS 2.6 that the pages mention as gone."""


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", *PAGES])
def test_pages_mention_only_options_that_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    fields = {field.name.replace("_", "-") for field in dataclasses.fields(Settings)}
    known = fields | {f"no{name}" for name in fields} | NOT_SETTINGS | GONE
    mentioned = set(re.findall(r"(?:`|deepaas-run[^\n`]*? )--([a-z][\w-]+)(?![…\w-])", text))
    assert mentioned <= known
