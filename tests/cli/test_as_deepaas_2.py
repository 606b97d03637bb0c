"""What scripts give to `deepaas-cli` of DEEPaaS 2.6.0, and what they find in its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import prepared
from support.prepared import PROGRAMS

from benchmarks import deepaas26

from .command import Shell

MODEL = """
import io
from webargs import fields, validate

def get_metadata():
    return {"name": "old", "list": [1, None, "é"]}

def get_predict_args():
    return {
        "number": fields.Int(required=True),
        "scale": fields.Float(missing=0.5),
        "flag": fields.Bool(missing=True),
        "sizes": fields.List(fields.Int(), missing=[1, 2]),
        "options": fields.Dict(missing={"a": 1}),
        "none": fields.Str(missing=None),
        "input": fields.Field(missing=None, type="file", location="form"),
        "accept": fields.Str(
            missing="application/json",
            validate=validate.OneOf(["image/png", "application/json"]),
        ),
    }

def predict(input=None, **arguments):
    if arguments["accept"] == "image/png":
        return io.BytesIO(bytes(range(256)))
    return {"input": input and open(input.filename).read(), "got": repr(arguments)}

def get_train_args():
    return {"epochs": fields.Int(missing=3), "name": fields.Str(missing="é")}

def train(**arguments):
    return {"got": repr(arguments)}
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("old")
    shell = Shell(folder, "old")
    (folder / "old.py").write_text(MODEL)
    (folder / "in.txt").write_text("content")
    shell.environment["PYTHONPATH"] += f":{folder}"
    return shell


def both(shell: Shell, *words: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Exit code and files of DEEPaaS 2.6.0, and of ours."""

    def run(program: Path, folder: Path) -> dict[str, Any]:
        option = f"--deepaas_method_output={folder}/new/out"
        ended = prepared.run(
            [program, option, *words], folder=shell.folder, environment=shell.environment
        )
        files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        return {"code": ended.returncode, **files}

    number = len(list(shell.folder.iterdir()))
    theirs = run(deepaas26.command().with_name("deepaas-cli"), shell.folder / f"theirs-{number}")
    ours = run(PROGRAMS / "deepaas-cli", shell.folder / f"ours-{number}")
    return theirs, ours


@pytest.mark.parametrize(
    "words",
    [
        ["predict", "--number", "3"],
        ["predict", "--number=3", "--flag", "No", "--sizes", "[3, 4]", "--options", "{'b': None}"],
        ["predict", "--number=-3", "--scale", "-2e1", "--sizes", "3,4", "--input", "in.txt"],
        ["predict", "--number", "3", "--accept", "image/png"],
        ["get_metadata"],
        ["warm"],
        ["predict"],
        ["predict", "--number", "x"],
        ["bogus"],
    ],
    ids=" ".join,
)
def test_the_same_files_and_exit_codes(shell: Shell, words: list[str]) -> None:
    theirs, ours = both(shell, *words)
    if "warm" in words:  # The model has none: 2.6.0 stops with an AttributeError.
        theirs["code"] = 0
    assert list(ours) == list(theirs)
    for name, content in theirs.items():
        if name.endswith(".png") or isinstance(content, int):
            assert ours[name] == content
        else:
            assert json.loads(ours[name]) == json.loads(content)


def test_the_same_training(shell: Shell) -> None:
    theirs, ours = both(shell, "--nodeepaas_with_multiprocessing", "train", "--epochs", "2")
    told, ours_told = json.loads(theirs["out"]), json.loads(ours["out"])
    for training in (told, ours_told):
        del training["date"], training["uuid"]
        del training["result"]["finish_date"], training["result"]["duration"]
    assert ours_told == told
