"""A model of DEEPaaS's contract is served from where it lies, whatever the layout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host import Host, start_host
from support.waiting import wait_until

from deepaas.errors import ConfigError
from deepaas.model.discovery import FoundModel, choose
from deepaas.testing.detection import Undecided, detect

ARGUMENTS = """
from webargs import fields

def get_predict_args():
    return {"name": fields.Str(load_default="you")}

def predict(name):
    return {"said": f"{utils.WORD} {name}"}
"""
CLASS = """
from webargs import fields

import utils

class Greeter:
    def get_predict_args(self):
        return {"name": fields.Str(load_default="you")}

    def predict(self, name):
        return {"said": f"{utils.WORD} {name}"}
"""
PROJECT = '[project]\nname = "mine"\nversion = "1"\n'
DECLARED = f'{PROJECT}[project.entry-points."deepaas.v2.model"]\n'

LAYOUTS = {
    "script": ({"api.py": f"import utils\n{ARGUMENTS}"}, "utils.py", "."),
    "relative": ({"api.py": f"from . import utils\n{ARGUMENTS}"}, "utils.py", "."),
    "own-name": ({"greet.py": f"import utils\n{ARGUMENTS}"}, "utils.py", "greet.py"),
    "in-src": (
        {
            "pyproject.toml": PROJECT,
            "src/pack/__init__.py": "",
            "src/pack/api.py": f"from . import utils\n{ARGUMENTS}",
        },
        "src/pack/utils.py",
        ".",
    ),
    "declared": (
        {
            "pyproject.toml": f'{DECLARED}mine = "pack.model:Greeter"\n',
            "pack/__init__.py": "",
            "pack/api.py": "raise AssertionError('another one is declared')",
            "pack/model.py": CLASS.replace("import utils", "from pack import utils"),
        },
        "pack/utils.py",
        ".",
    ),
    "script-in-package": (
        {"pack/__init__.py": "", "pack/api.py": f"import utils\n{ARGUMENTS}"},
        "pack/utils.py",
        "pack/api.py",
    ),
    "no-init": (
        {
            "pyproject.toml": PROJECT,
            "src/pack/api.py": f"from pack import utils\n{ARGUMENTS}",
        },
        "src/pack/utils.py",
        ".",
    ),
    "class": ({"model.py": CLASS}, "utils.py", "model.py"),
}
"""Files, the one beside the model, and how it is named."""


def write(folder: Path, layout: str) -> str:
    """Write a project; the path by which it is served."""
    files, beside, path = LAYOUTS[layout]
    for name, text in {**files, beside: 'WORD = "Hello"\n'}.items():
        file = folder / layout / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return f"{folder / layout}/{path}"


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("projects")


@pytest.fixture(scope="module")
def host(projects: Path) -> Iterator[Host]:
    named = [f"{layout}={write(projects, layout)}" for layout in LAYOUTS]
    options = [word for one in named for word in ("--model-name", one)]
    with start_host([], *options, "--reload", "--no-ui", "--notrain-endpoint") as host:
        wait_until(
            lambda: all(host.readiness(one)["status"] != "loading" for one in LAYOUTS), "all loaded"
        )
        yield host


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(layout: str, host: Host) -> None:
    assert host.predict(layout, name="Ada").json()["predictions"] == {"said": "Hello Ada"}


@pytest.mark.parametrize("layout", ["relative", "in-src"])
def test_what_lies_beside_it_is_reloaded(layout: str, host: Host, projects: Path) -> None:
    (projects / layout / LAYOUTS[layout][1]).write_text('WORD = "Bye"\n')
    wait_until(
        lambda: host.predict(layout).json()["predictions"] == {"said": "Bye you"}, "the new word"
    )


def found(*files: str, folder: Path, text: str = "", path: str = ".") -> FoundModel:
    for name in files:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (model,) = choose([f"{folder}/{path}"])
    return model


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("api.py", "here"),
        ("src/api.py", "here"),
        ("pack/api.py", "pack"),
        ("src/pack/api.py", "pack"),
        ("api/__init__.py", "here"),
        ("greet.py", "greet"),
    ],
)
def test_name(file: str, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    model = found(file, folder=folder, text="def get_predict_args(): ...")
    assert (model.name, model.kind, model.source) == (name, "entry_point", str(folder / file))


@pytest.mark.parametrize(
    ("file", "path", "origin"),
    [
        ("api.py", ".", "./api.py"),
        ("api.py", "api.py:Model", "./api.py:Model"),
        ("src/api.py", ".", "./src/api.py"),
        ("cog.yaml", ".", "./"),
    ],
)
def test_where_it_comes_from(
    file: str, path: str, origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "class Model:\n    def get_predict_args(self): ..." if file.endswith(".py") else ""
    model = found(file, folder=tmp_path, text=text, path=path)
    assert model.origin == str(tmp_path / model.origin.removeprefix("./"))
    monkeypatch.chdir(tmp_path)
    assert choose([path])[0].origin == origin


def test_tests_of_a_project_that_is_not_installed_are_about_it(tmp_path: Path) -> None:
    with pytest.raises(Undecided, match="not a Python project"):
        detect(tmp_path)
    found("api.py", folder=tmp_path, text="def get_predict_args(): ...")
    assert detect(tmp_path) == f"{tmp_path}/"


def test_a_typed_predictor_alone_in_its_folder(tmp_path: Path) -> None:
    model = found("predict.py", folder=tmp_path, text="def predict(a: str) -> str: ...")
    assert (model.kind, model.source) == ("cog", str(tmp_path / "predict.py"))


@pytest.mark.parametrize("text", ["from x import Model\n", "class Model:\n  def warm(self): ..."])
def test_object_in_a_file(text: str, tmp_path: Path) -> None:
    model = found("api.py", folder=tmp_path, text=text, path="api.py:Model")
    assert (model.name, model.source) == (tmp_path.name, f"{tmp_path}/api.py:Model")


def test_what_is_not_clear_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no model found in .*: no api\.py"):
        found("notes.py", "tests/api.py", folder=tmp_path)
    with pytest.raises(ConfigError, match=r"Choose one: one/api\.py, two/api\.py"):
        found("one/api.py", "two/api.py", folder=tmp_path)
    declared = tmp_path / "declared"
    with pytest.raises(ConfigError, match=r"pyproject\.toml:5: .* module nowhere\.api"):
        found("pyproject.toml", folder=declared, text=f'{DECLARED}mine = "nowhere.api"\n')
    with pytest.raises(ConfigError, match=r"has several models\. Choose one"):
        found("pyproject.toml", folder=declared, text=f'{DECLARED}one = "a"\ntwo = "b"\n')
