"""Which kind of model gets what the operator names, and what is said of what none recognises."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deepaas.errors import ConfigError
from deepaas.model.discovery import choose
from deepaas.model.kinds import (
    Certainty,
    Installed,
    Kinds,
    ModelKind,
    Recognised,
    load_kinds,
)
from deepaas.programs import Interpreter


@pytest.mark.parametrize(
    ("file", "wanted", "meant"),
    [
        ("myproj/cog.yaml", "myproj", "./myproj/ ?"),
        ("predict.py", "predict", "predict.py ?"),
        ("predict.py", "pedict", "predict.py ?"),
        ("predict.py", "predict.p", "predict.py ?"),
        ("myproj/predict.py", "myproj", "./myproj/ ?"),
        ("My_Proj/cog.yaml", "my-proj", "./My_Proj/ ?"),
        ("my_proj/api.py", "myproj.api", "my_proj/api.py ?"),
        ("myproj/notes.txt", "myproj", ""),
    ],
)
def test_a_path_that_was_meant(
    file: str, wanted: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as error:
        choose([wanted])
    said, _, rest = str(error.value).partition(" Did you mean ")
    assert said.startswith(f"model '{wanted}' is not installed. ")
    assert rest == meant


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("apy.py", "one/api.py"),
        ("../on/api.py", "one/api.py"),
        ("../on/", "one"),
        ("../on/apy.py", ""),
        ("unlike.py", ""),
    ],
)
def test_a_path_that_is_nearly_there(
    wanted: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/api.py").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as error:
        choose([f"one/{wanted}"])
    there, _, near = error.value.message.partition(" Did you mean ")
    assert (there, near) == (
        f"{tmp_path}/one/{wanted.rstrip('/')} does not exist.",
        meant and f"{meant}?",
    )


PROJECT = '[project.entry-points."deepaas.v2.model"]\nmine = "{}"\n'


@pytest.mark.parametrize(
    ("module", "meant"),
    [("mine.apii", "mine.api"), ("mien.api", "mine.api"), ("other.place", "")],
)
def test_entry_point_of_a_project_that_leads_nowhere(
    module: str, meant: str, tmp_path: Path
) -> None:
    (tmp_path / "src/mine").mkdir(parents=True)
    (tmp_path / "src/mine/api.py").touch()
    (tmp_path / "pyproject.toml").write_text(PROJECT.format(module))
    with pytest.raises(ConfigError) as error:
        choose([f"{tmp_path}/"])
    said, _, near = error.value.message.partition(" Did you mean ")
    assert f"pyproject.toml:2: the entry point mine refers to the module {module}, " in said
    assert near == (meant and f"{meant}?")


INSTALLED = """
[deepaas.v2.models]
mine = mine.api
[deepaas.codecs]
other = other
"""


def test_group_with_nearly_the_right_name(
    none_installed: Kinds,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    about = tmp_path / "mine-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n")
    (about / "entry_points.txt").write_text(INSTALLED)
    other = tmp_path / "other-1.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (other / "entry_points.txt").write_text("[deepaas.v2.model]\nother = other\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    told = (
        "The package mine has entry points in the group 'deepaas.v2.models'. "
        "Did you mean 'deepaas.v2.model'?"
    )
    for wanted in ([], ["mine"]):
        with pytest.raises(ConfigError) as error:
            choose(wanted, kinds=none_installed)
        assert told in error.value.message
    assert choose([])
    assert caplog.messages == [told]


@pytest.fixture
def none_installed() -> Kinds:
    return {name: replace(kind, installed=lambda _: []) for name, kind in load_kinds().items()}


@pytest.mark.parametrize(
    ("file", "text", "path"),
    [
        ("api.py", "def get_metadata(): ...", "./api.py"),
        ("predict.py", "def predict(text: str) -> str: ...", "./predict.py"),
        ("cog.yaml", "", "./"),
        (
            "pyproject.toml",
            '[project.entry-points."deepaas.v2.model"]\nmine = "served"\n',
            "./served.py",
        ),
        ("served.py", "def get_metadata(): ...", ""),
        ("below/api.py", "def get_metadata(): ...", ""),
    ],
)
def test_the_model_of_the_folder_is_served_if_none_is_installed(
    file: str,
    text: str,
    path: str,
    none_installed: Kinds,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    if file == "pyproject.toml":
        (tmp_path / "served.py").touch()
    monkeypatch.chdir(tmp_path)
    caplog.set_level("INFO")
    if not path:
        with pytest.raises(ConfigError, match=r"serve the one in this folder: deepaas-run \."):
            choose([], kinds=none_installed)
        return
    (found,) = choose([], kinds=none_installed)
    assert found.origin == path
    assert f"no model is installed: serving {path} in this folder" in caplog.text


def test_models_that_are_installed_are_served_and_that_of_the_folder_is_mentioned(
    none_installed: Kinds,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "api.py").write_text("def get_metadata(): ...")
    monkeypatch.chdir(tmp_path)
    caplog.set_level("INFO")
    hint = "and not ./api.py in this folder, which is not installed"
    own = none_installed["entry_point"]

    def mentioned(name: str, *roots: Path) -> bool:
        caplog.clear()
        entry_point = replace(
            own,
            installed=lambda _: [Installed(name)],
            recognise=lambda one, other: (
                Recognised(one, one) if one == name else own.recognise(one, other)
            ),
            watch=lambda _: roots,
        )
        kinds = {**none_installed, "entry_point": entry_point}
        assert [one.name for one in choose([], kinds=kinds)] == [name]
        return hint in caplog.text

    assert mentioned("other")
    assert not mentioned(tmp_path.name), "it is installed, under the same name"
    assert not mentioned("other", tmp_path), "it is installed, from here"
    (tmp_path / "api.py").write_text("def predict(): ...")
    assert mentioned("other")
    (tmp_path / "api.py").write_text("from fastapi import FastAPI\n\napp = FastAPI()")
    assert not mentioned("other"), "it is an API of another kind"


def kind_of(*names: str, certainty: Certainty = Certainty.SURE) -> ModelKind:
    """A kind that recognises these references."""

    def recognise(reference: str, _interpreter: Interpreter) -> Recognised | None:
        return Recognised("one", reference, certainty) if reference in names else None

    return ModelKind(recognise, lambda source: [Path(source)], needs=lambda _source: NEEDED)


NEEDED = ["pytest", "surely-nobody-has-this"]


def test_the_surest_kind_gets_a_model() -> None:
    kinds = {
        "first": kind_of("x", "y", certainty=Certainty.LIKELY),
        "second": kind_of("x", "z"),
        "third": kind_of("y", "z"),
    }
    for reference, kind in {"x": "second", "y": "third"}.items():
        with pytest.raises(ConfigError, match=rf"\(kind '{kind}'\) needs surely-nobody"):
            choose([reference], kinds=kinds)
    with pytest.raises(ConfigError, match="z could be a model of several kinds: second, third"):
        choose(["z"], kinds=kinds)


def test_a_kind_that_fails_does_the_others_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> Recognised | None:
        raise ZeroDivisionError

    good = replace(kind_of("x"), needs=lambda _source: ["pytest"])
    (found,) = choose(["x"], kinds={"bad": ModelKind(fail, lambda _: []), "good": good})
    assert (found.kind, list(found.watch())) == ("good", [Path("x")])
    assert "The kind 'bad' failed to recognise x" in caplog.text
    with pytest.raises(ConfigError, match=r"/no/such/place does not exist"):
        choose(["/no/such/place"], kinds={"bad": ModelKind(fail, lambda _: [])})
