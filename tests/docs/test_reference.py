"""The reference has everything that there is and nothing else; most of it is made from the code."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from importlib.metadata import distribution
from pathlib import Path

import pytest

import deepaas.client
from deepaas import errors
from deepaas.cmd.ui import _parser
from deepaas.config import door_options, names_by_key
from deepaas.config.environment import OTHERS
from deepaas.model.v2 import run
from deepaas.model.v2.base import BaseModel
from deepaas.options import declared
from deepaas.protocols.v2.definitions import DEFINITIONS
from deepaas.run_files import RunFiles
from deepaas.settings import Settings
from deepaas.training.runs import State
from deepaas.web.errors import STATUS
from scripts.reference import client as client_part
from scripts.reference import environment as environment_part
from scripts.reference import errors as errors_part
from scripts.reference import hooks as hooks_part
from scripts.reference import routes as routes_part
from scripts.reference.pages import PAGES, parts_of, rendered

from .page import ROOT, pages

REFERENCE = sorted(PAGES.glob("*.md"))
HTTP = (PAGES / "http.md").read_text(encoding="utf-8")
ANEW = "make it anew: .venv/bin/python -m scripts.reference"


def rows(heading: str) -> list[list[str]]:
    """The rows of the table under a heading of the page about HTTP, without its head."""
    (section,) = re.findall(rf"^##+ {heading}\n(.*?)(?=^##|\Z)", HTTP, re.MULTILINE | re.DOTALL)
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("page", REFERENCE, ids=lambda page: page.stem)
def test_page_is_what_the_code_makes(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.split() == rendered(text).split(), ANEW


def test_every_part_stands_on_a_page() -> None:
    modules = {path.stem for path in (ROOT / "scripts/reference").glob("*.py")}
    parts = [part for page in REFERENCE for part in parts_of(page.read_text(encoding="utf-8"))]
    assert sorted(parts) == sorted(modules - {"__init__", "__main__", "pages"})


def test_the_variables_that_are_no_options_are_known() -> None:
    options = {name for names in names_by_key(door_options()).values() for name in names}
    read = {one for one in environment_part.read() if one.startswith("DEEPAAS_")}
    # Clients read that of an option of the host.
    assert read - OTHERS == {"DEEPAAS_API_KEY_FILE"} <= options
    assert not OTHERS & options


def test_each_option_has_a_section() -> None:
    text = (PAGES / "options.md").read_text(encoding="utf-8")
    own = [
        (field, field.name.replace("_", "-"), f"INI `{field.name}`", "DEFAULT")
        for field in declared(Settings)
    ]
    of_doors = [
        (field, door.command_line(field), f"INI `{field.name}` in `[{door.section}]`", door.section)
        for door in door_options()
        for field in door.fields
    ]
    assert of_doors
    for field, name, key, group in own + of_doors:
        section = text.partition(f"(option-{name})=\n")[2].partition("\n(option-")[0]
        variable = f"`OS_{group.upper()}__{field.name.upper()}`"
        wanted = [f"### `--{name}`", key, variable]
        if isinstance(field.default, bool):
            wanted.append(f"`--no{name}`")
        assert [words for words in wanted if words not in section] == [], name


def test_every_route_that_is_not_in_the_document_is_served_and_told() -> None:
    """The other way round, making the page fails for a route that is not told."""
    served = routes_part.served()
    assert set(routes_part.OTHERS) <= {path for _, path in served}
    of_doors = {path: one.text for (_, path), one in served.items() if one.text}
    assert of_doors["/cog/{model}/health-check"].startswith(
        "Cog's API: show the state of the model"
    )


def test_every_error_is_told() -> None:
    sent = {kind for _, kind in errors_part.sent()}
    assert sent == set(STATUS) - {errors.DeepaasError} | {errors.ModelRefused}
    assert set(errors_part.TO_DO) == sent


def test_every_variable_that_is_read_is_told() -> None:
    read = environment_part.read()
    assert {RunFiles.DIRECTORY, RunFiles.CONTROL, "DEEPAAS_V2_MODEL", "XDG_STATE_HOME"} <= read
    assert read == set(environment_part.MEANING)


def test_every_hook_and_helper_is_told() -> None:
    assert {"get_metadata", "predict", "train", "warm"} <= set(hooks_part.hooks())
    assert {"directory", "progress", "cancelling"} <= set(hooks_part.helpers_of_train())


def test_every_command_is_told() -> None:
    points = distribution("deepaas").entry_points.select(group="console_scripts")
    told = set(re.findall(r"^##+ (.*)$", HELP, re.MULTILINE))
    assert {point.name for point in points} <= told
    below = {"get_metadata", "warm", "predict", "train", "list", "doors", "runs", "check"}
    below.add("runs cancel")
    assert {f"deepaas-cli {name}" for name in below} <= told


def test_every_public_name_of_the_client_is_told() -> None:
    text = (PAGES / "client.md").read_text(encoding="utf-8")
    assert client_part.public()
    assert set(re.findall(r"deepaas\.client\.(\w+)$", text, re.MULTILINE)) == set(
        deepaas.client.__all__
    )


def examples() -> list[str]:
    """The examples in the docstrings of what authors use: what stands indented below ``::``."""
    documented = [BaseModel, run, *hooks_part.hooks().values()]
    documented += hooks_part.helpers_of_train().values()
    texts = [inspect.getdoc(thing) or "" for thing in documented]
    source = inspect.getsource(BaseModel)
    texts.append(
        inspect.cleandoc(
            ast.literal_eval(re.findall(r'^    ("""Schema of JSON.*?""")', source, re.S | re.M)[0])
        )
    )
    return [
        textwrap.dedent(code)
        for text in texts
        for code in re.findall(r"::\n\n((?: +.*\n?|\n)+)", text)
    ]


@pytest.mark.parametrize("code", examples())
def test_examples_in_docstrings_run(code: str) -> None:
    exec(compile(code, "docstring", "exec"), {})


def test_fields_of_a_training_are_those_of_the_documents() -> None:
    definition = DEFINITIONS["Training"]
    documented = [row[0].strip("`") for row in rows("A training run")]
    assert sorted(documented) == sorted(definition["properties"])
    assert set(definition["required"]) | {"args"} == set(documented[:4])
    (status,) = (text for name, text in rows("A training run") if name == "`status`")
    assert re.findall(r"`(\w+)`", status) == [state.value for state in State]


def test_events_of_a_training_are_those_that_are_sent() -> None:
    source = "".join(
        (ROOT / path).read_text(encoding="utf-8")
        for path in ("deepaas/protocols/v2/watching.py", "deepaas/web/events.py")
    )
    sent = set(re.findall(r"\bSentEvent\(\s*\"(\w+)\"", source))
    assert {row[0].strip("`") for row in rows("Events of a training run")} == sent


NOT_SETTINGS = {"config-file", "config-dir", "version", "help", "noX", "no-X"}
OF_OTHERS = {
    *("init", "read-only", "shm-size", "tmpfs", "volume"),  # docker
    "no-input",  # cookiecutter
    "ready",  # python -m deepaas.cmd.health, for containers
    "sizes",  # a model that a page imagines
    "shout-marks",  # a door that a page writes
}
GONE = {"use-syslog", "log-dir"}
"""Options of DEEPaaS 2.6 that the pages mention as gone."""
HELP = (PAGES / "commands.md").read_text(encoding="utf-8")


def test_pages_mention_only_options_that_exist() -> None:
    fields = {field.name.replace("_", "-") for field in declared(Settings)}
    fields |= {door.command_line(field) for door in door_options() for field in door.fields}
    off = {f"no{dash}{name}" for name in fields for dash in ("", "-")}
    page_options = {word[2:] for action in _parser()._actions for word in action.option_strings}
    commands = set(re.findall(r"(?<![\w-])--([a-z][\w-]+)", HELP))
    bench = (ROOT / "benchmarks/__main__.py").read_text(encoding="utf-8")
    commands |= set(re.findall(r'"--([a-z]+)"', bench))
    known = fields | off | page_options | commands | NOT_SETTINGS | OF_OTHERS | GONE
    option = re.compile(r"(?:`|deepaas-[a-z]+[^\n`]*? )--([a-z][\w-]+)(?![…\w-])")
    for page in ["README.md", *pages()]:
        mentioned = set(option.findall((ROOT / page).read_text(encoding="utf-8")))
        assert mentioned <= known, page
