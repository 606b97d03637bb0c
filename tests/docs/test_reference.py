"""The reference has every option, every route and every error, and no others."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from deepaas import errors
from deepaas.app import build_app, build_trainings, build_try_me
from deepaas.cmd.ui import _parser
from deepaas.config import Settings
from deepaas.messages import RunFiles
from deepaas.model.registry import Registry
from deepaas.protocols.v2.definitions import DEFINITIONS
from deepaas.training.runs import State
from deepaas.web.errors import STATUS
from deepaas.web.health import Drain

from .pasted import ROOT

TEXT = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
PAGES = [
    f"docs/{page}.md"
    for page in ("how-to", "migrating", "reference", "trainings", "try-me", "tutorial")
]
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
    settings = Settings(state_dir=str(tmp_path / "state"))
    trainings = build_trainings(settings, [], tmp_path, "mark")
    page = build_try_me(settings, tmp_path, "mark")
    app = build_app(settings, Registry([]), tmp_path, Drain(), trainings, page)
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    documented = {
        ("*" if method == "any" else method, path.strip("`"))
        for methods, path, _ in rows("HTTP API")
        for method in methods.split(", ")
    }
    assert documented == {(method, path) for method, path in served if path not in NO_PAGES}


def test_options_of_the_page_are_those_of_its_command() -> None:
    defaults = {"public_url": "`--api-url`", "unix_socket": "none", "root_path": "empty"}
    known = {
        f"`{action.option_strings[-1]}`": defaults.get(action.dest, f"`{action.default}`")
        for action in _parser()._actions
        if action.dest not in {"help", "version"}
    }
    assert {name: default for name, default, _ in rows("deepaas-ui")} == known


def test_errors_are_those_of_the_table() -> None:
    documented = {(status, word.strip("`")) for status, word, _ in rows("Errors")}
    known = {
        (str(status), kind.code)
        for kind, status in STATUS.items()
        if kind is not errors.DeepaasError  # The base, never raised itself.
    }
    own = {("405", ""), ("any", errors.ModelRefused.code)}
    assert documented == known | own


def test_fields_of_a_training_are_those_of_the_documents() -> None:
    definition = DEFINITIONS["Training"]
    documented = [row[0].strip("`") for row in rows("A training")]
    assert sorted(documented) == sorted(definition["properties"])
    assert set(definition["required"]) | {"args"} == set(documented[:4])
    (status,) = (text for name, text in rows("A training") if name == "`status`")
    assert re.findall(r"`(\w+)`", status) == [state.value for state in State]


def test_environment_of_a_training() -> None:
    names = [row[0].strip("`") for row in rows("Environment of a training")]
    assert names == [RunFiles.DIRECTORY, RunFiles.CONTROL]


def test_events_of_a_training_are_those_that_are_sent() -> None:
    source = "".join(
        (ROOT / path).read_text(encoding="utf-8")
        for path in ("deepaas/protocols/v2/watching.py", "deepaas/web/events.py")
    )
    sent = set(re.findall(r"\bEvent\(\s*\"(\w+)\"", source))
    assert {row[0].strip("`") for row in rows("Events of a training")} == sent


NOT_SETTINGS = {"config-file", "config-dir", "version", "help", "noX", "no-X"}
GONE = {"use-syslog", "log-dir"}
"""Options of DEEPaaS 2.6 that the pages mention as gone."""


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", *PAGES])
def test_pages_mention_only_options_that_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    fields = {field.name.replace("_", "-") for field in dataclasses.fields(Settings)}
    off = {f"no{dash}{name}" for name in fields for dash in ("", "-")}
    page_options = {word[2:] for action in _parser()._actions for word in action.option_strings}
    known = fields | off | page_options | NOT_SETTINGS | GONE
    mentioned = set(re.findall(r"(?:`|deepaas-run[^\n`]*? )--([a-z][\w-]+)(?![…\w-])", text))
    assert mentioned <= known
