"""What can be named as a source, and how one fault does not hide another."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from deepaas.check import BadInterpreter, Finding, Report, UnknownSource, check
from deepaas.check.search import find

API = """
    def get_metadata():
        return {"description": "Good", "author": "Ada", "license": "MIT", "version": "1"}


    def predict():
        return {}
"""
ENTRY_POINT = '[project.entry-points."deepaas.v2.model"]\nmine = "my_model.api"\n'


def write(folder: Path, **files: str) -> Path:
    """Write files; `__` in a name stands for a slash, `_DOT_` for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return folder


def package(folder: Path, root: str = "", **files: str) -> Path:
    """A project whose model is `my_model.api` below `root`."""
    below = folder / root / "my_model"
    below.mkdir(parents=True)
    (below / "__init__.py").touch()
    (below / "api.py").write_text(textwrap.dedent(API))
    return write(folder, **files)


def codes(report: Report) -> list[str]:
    return [found.code for found in report.findings]


PROJECTS = {
    "flat": ("", {"pyproject_DOT_toml": f'[project]\nname = "mine"\n{ENTRY_POINT}'}),
    "src": ("src", {"pyproject_DOT_toml": f'[project]\nname = "mine"\n{ENTRY_POINT}'}),
    "where": (
        "lib",
        {
            "pyproject_DOT_toml": f'[project]\nname = "mine"\n{ENTRY_POINT}'
            '[tool.setuptools.packages.find]\nwhere = ["lib"]\n'
        },
    ),
    "poetry": (
        "",
        {
            "pyproject_DOT_toml": '[tool.poetry]\nname = "mine"\n'
            '[tool.poetry.plugins."deepaas.v2.model"]\nmine = "my_model.api"\n'
        },
    ),
    "setup.cfg": (
        "src",
        {
            "setup_DOT_cfg": "[metadata]\nname = mine\n[options]\npackage_dir =\n    = src\n"
            "[options.entry_points]\ndeepaas.v2.model =\n    mine = my_model.api\n"
        },
    ),
    "pbr": (
        "",
        {
            "setup_DOT_py": "from setuptools import setup\nsetup(setup_requires=['pbr'])\n",
            "setup_DOT_cfg": "[metadata]\nname = mine\n"
            "[entry_points]\ndeepaas.v2.model =\n    mine = my_model.api\n",
        },
    ),
    "setup.py": (
        "",
        {
            "setup_DOT_py": "from setuptools import setup\nsetup(name='mine', entry_points={\n"
            "    'deepaas.v2.model': ['mine = my_model.api']})\n"
        },
    ),
}


@pytest.mark.parametrize("kind", PROJECTS)
def test_project_is_read_without_being_installed(kind: str, tmp_path: Path) -> None:
    root, files = PROJECTS[kind]
    package(tmp_path, root, **files)
    found = find(str(tmp_path))
    (target,) = found.targets
    assert (target.name, target.value) == ("mine", "my_model.api")
    assert target.paths == [str((tmp_path / root).resolve())]
    assert found.findings == []


def test_working_directory_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, "src", **PROJECTS["src"][1])
    monkeypatch.chdir(tmp_path)
    report = check()
    assert report.models == {"mine": "my_model.api"}
    assert report.findings == []


@pytest.mark.parametrize(
    ("source", "name", "value"),
    [
        ("my_model/api.py", "my_model", "{}/my_model/api.py"),
        ("my_model", "my_model", "{}/my_model/api.py"),
        (".", "my_model", "{}/my_model/api.py"),
        ("my_model.api", "my_model.api", "my_model.api"),
    ],
)
def test_part_of_a_package(
    source: str, name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path)
    monkeypatch.chdir(tmp_path)
    report = check(source)
    assert report.models == {name: value.format(tmp_path)}
    assert report.findings == []


def test_several_models_of_a_project(tmp_path: Path) -> None:
    package(
        tmp_path,
        pyproject_DOT_toml='[project]\nname = "mine"\n[project.entry-points."deepaas.v2.model"]\n'
        'good = "my_model.api"\nbad = "my_model.worse"\n',
    )
    write(tmp_path, my_model__worse_DOT_py="def predict(**kwargs)\n    return {}\n")
    report = check(str(tmp_path))
    assert report.models == {"good": "my_model.api", "bad": "my_model.worse"}
    assert [(one.model, one.code) for one in report.findings] == [("bad", "syntax-error")]


@pytest.mark.parametrize(
    "source,said",
    [
        ("nobodys_model", "Installed models: .*demo_app"),
        ("/nonexistent/api.py", "no model, folder, file or module"),
        (".", "no model found in .*: no api.py"),
        ("", "no model found in"),
        ("notes.txt", "'./notes.txt' is not a model of any kind"),
    ],
)
def test_unknown_source(
    source: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, notes_DOT_txt="")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownSource, match=said):
        check(source)


def test_another_interpreter(tmp_path: Path) -> None:
    package(tmp_path, **PROJECTS["flat"][1])
    assert check(str(tmp_path), python=sys.executable).findings == []
    with pytest.raises(BadInterpreter, match="could not run"):
        check(str(tmp_path), python="/nonexistent/python")
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(BadInterpreter, match="could not run the check"):
        check(str(tmp_path), python=str(bare))


HIDING = '''
    """Wrong in every way."""

    import time

    from webargs import fields, validate

    print("loading")
    schema = {"label": fields.Str(), "score": 3}


    def get_metadata():
        return {"author": {object()}, "examples": [{"texts": "a"}]}


    def get_predict_args():
        return {
            "text": str,
            "count": fields.Int(load_default=20, validate=validate.Range(1, 10)),
            "image": fields.Raw(location="form"),
            "mode": fields.Str(metadata={"location": "body"}),
        }


    def predict(text, image=None, top=3, size):
        return {}


    def get_train_args():
        time.sleep(3600)


    def train(**kwargs):
        return {}


    def warm():
        raise OSError("no weights")
'''


def test_one_fault_does_not_hide_another(tmp_path: Path) -> None:
    text = HIDING.replace("top=3, size", "*, size")
    write(tmp_path, api_DOT_py=text)
    report = check(str(tmp_path), timeout=3)
    assert sorted(set(codes(report))) == [
        "argument-location",
        "argument-not-a-field",
        "argument-not-taken",
        "default-invalid",
        "example-unknown-argument",
        "file-without-type",
        "hang",
        "import-prints",
        "metadata-incomplete",
        "metadata-not-json",
        "no-description",
        "schema-field",
        "warm-fails",
    ]
    assert "not fully checked: predict was not called because warm failed" in report.notes
    (hang,) = (found for found in report.findings if found.code == "hang")
    assert "calling get_train_args timed out" in hang.problem
    assert hang.where.endswith(f"api.py:{_line(text, 'time.sleep')}")


def test_train_does_not_keep_predict_from_being_called(tmp_path: Path) -> None:
    text = textwrap.dedent(API).replace('"version": "1"', '"version": "1", "examples": [{}]')
    text = (
        text.replace("return {}", "return {object()}")
        + "\n\ndef train(epochs):\n    return epochs\n"
    )
    write(tmp_path, api_DOT_py=text)
    assert codes(check(str(tmp_path))) == ["parameter-undeclared", "result-not-sendable"]


def test_all_syntax_errors_are_told(tmp_path: Path) -> None:
    package(tmp_path, **PROJECTS["flat"][1])
    write(
        tmp_path,
        my_model__api_DOT_py="from my_model import first\n",
        my_model__first_DOT_py="def first(:\n",
        my_model__second_DOT_py="x = 1\nclass Second\n",
    )
    places = [Path(one.where).name for one in check(str(tmp_path)).findings]
    assert places == ["first.py:1", "second.py:2"]


def test_import_from_what_the_project_does_not_hold(tmp_path: Path) -> None:
    package(tmp_path, **PROJECTS["flat"][1])
    write(
        tmp_path, my_model__api_DOT_py="from my_model import nowhere\nfrom my_model.no import x\n"
    )
    (found,) = check(str(tmp_path)).findings
    assert isinstance(found, Finding)
    assert (found.code, Path(found.where).name) == ("import-fails", "api.py:1")


def test_metadata_of_a_project_that_is_not_installed(tmp_path: Path) -> None:
    package(tmp_path, **PROJECTS["flat"][1])
    text = "from importlib.metadata import metadata\n\n\ndef get_metadata():\n"
    text += "    return dict(metadata('mine').json)\n\n\ndef predict():\n    return {}\n"
    write(tmp_path, my_model__api_DOT_py=text)
    # As a host reads it that serves the project by its path.
    assert codes(check(str(tmp_path))) == ["metadata-incomplete"]
    write(tmp_path, my_model__api_DOT_py=text.replace("'mine'", "'theirs'"))
    (found,) = check(str(tmp_path)).findings
    assert (found.code, Path(found.where).name) == ("metadata-fails", "api.py:5")
    assert "pip install -e" in found.fix


def _line(text: str, word: str) -> int:
    lines = textwrap.dedent(text).splitlines()
    return next(number for number, line in enumerate(lines, 1) if word in line)


@pytest.mark.parametrize(
    ("requirement", "advice"),
    [
        ("deepaas~=2.5.2", "write deepaas>=2.7,<3"),
        ("deepaas ~= 2.6.0", "write deepaas>=2.7,<3"),
        ("DEEPaaS<2.7", "write deepaas>=2.7,<3"),
        ("marshmallow<3", "change the requirement: deepaas itself requires marshmallow"),
        ("webargs>=8", "change the requirement: deepaas itself requires webargs"),
        ("numpy<1", "pip install 'numpy<1'"),
    ],
)
def test_nothing_is_advised_that_harms_the_host(
    requirement: str, advice: str, tmp_path: Path
) -> None:
    project = f'[project]\nname = "mine"\nversion = "1"\ndependencies = ["{requirement}"]\n'
    package(tmp_path, pyproject_DOT_toml=project + ENTRY_POINT)
    found = [one for one in check(str(tmp_path)).findings if one.code == "requirement-version"]
    (wrong,) = found
    assert wrong.fix.startswith(advice)
