"""Typed predictors: all that is wrong with a signature, and nothing of the model is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepaas.check import check
from deepaas.check.search import find
from deepaas.kinds.cog.worker import outputs, types

SOURCE = """
class Predictor:
    def setup(self):
        raise AssertionError("nothing is set up")

    def predict(
        self,
        a,
        b: complex) -> {returned}:
        return a
"""


def test_all_faults_of_a_signature(tmp_path: Path) -> None:
    file = tmp_path / "predict.py"
    file.write_text(SOURCE.format(returned="complex"))
    report = check(f"{file}:Predictor")
    assert [(found.problem, found.fix) for found in report.findings] == [
        ("predict(): the input 'a' has no type", "add one, for example a: str"),
        (
            "predict(): the input 'b': clients cannot send values of the type complex",
            f"write for example b: float, or use one of {types.SUPPORTED}",
        ),
        (
            "predict(): return type: results cannot be of the type complex",
            f"write for example -> float, or use one of {outputs.SUPPORTED}",
        ),
    ]
    assert [found.where for found in report.findings] == [f"{file}:{line}" for line in (8, 9, 9)]
    assert {found.code for found in report.findings} == {"typed-predictor"}
    assert report.models == {tmp_path.name: f"{file}:Predictor"}


def test_import_that_fails_and_name_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "predict.py"
    file.write_text("1 / 0\n")
    (found,) = check(f"{file}:Predictor").findings
    assert (found.code, found.where.rpartition(":")[2]) == ("import-fails", "1")
    file.write_text("")
    (found,) = check(f"{file}:Predictor").findings
    assert found.problem == f"{file} does not define Predictor"
    assert found.fix.startswith("correct the path or the name")
    file.write_text("class Predikt: ...\n")
    (found,) = check(f"{file}:Predict").findings
    assert found.problem == f"{file} does not define Predict"
    assert found.fix == "did you mean Predikt?"


@pytest.mark.parametrize(
    "source",
    [
        "class Runner:\n    def run(self, a: str) -> str: ...",
        "class Predictor:\n    def predict(self, a: str) -> str: ...",
        "def predict(a: str) -> str: ...",
        "async def run(a) -> str: ...",
        "class Mine:\n    def run(self) -> str: ...\nRunner = Mine",
        "from predictors import Mine as Predictor",
        "def predict(a: str) -> str:\n    return a +",
    ],
)
def test_a_file_alone_stands_for_its_predictor(source: str, tmp_path: Path) -> None:
    file = tmp_path / "predict.py"
    file.write_text(source)
    (target,) = find(str(file)).targets
    assert (target.name, target.value, target.kind) == (tmp_path.name, str(file), "cog")


@pytest.mark.parametrize(
    "source",
    [
        "def get_metadata(): ...\nclass Predictor: ...",
        "def get_predict_args(): ...\ndef predict(**arguments): ...",
        "def predict(**arguments): ...",
        "from other import predict",
        "class Other: ...",
        "class Model:\n    def get_predict_args(self): ...\n    def predict(self, **a): ...",
        "def",
        "def get_predict_args():\n    return {\n\n\ndef predict(a: str): ...",
    ],
)
def test_a_module_of_the_contract_is_none(source: str, tmp_path: Path) -> None:
    file = tmp_path / "predict.py"
    file.write_text(source)
    (target,) = find(str(file)).targets
    assert (target.value, target.kind) == (str(file), "entry_point")


def test_good_one(tmp_path: Path) -> None:
    good = SOURCE.format(returned="str").replace("a,\n        b: complex", "a: str")
    (tmp_path / "predict.py").write_text(good.replace("raise AssertionError", "print"))
    assert check(str(tmp_path / "predict.py")).findings == []
    (tmp_path / "cog.yaml").write_text("predict: predict.py:Predictor\n")
    report = check(str(tmp_path))
    assert report.findings == []
    assert report.notes == [
        "not fully checked: predict was not called because it requires a. "
        'Add examples = [{"a": …}] to class Predictor'
    ]


def test_where_examples_are_given(tmp_path: Path) -> None:
    file = tmp_path / "predict.py"
    file.write_text("def predict(a: str, b: int) -> str:\n    return a\n")
    (note,) = check(str(file)).notes
    assert note.endswith('Add predict.examples = [{"a": …, "b": …}] below the function')
    file.write_text(f"{file.read_text()}\n\npredict.examples = [{{'a': 'x', 'b': 3}}]\n")
    assert check(str(file)).notes == []
    file.write_text(
        "from webargs import fields\n\ndef get_predict_args():\n"
        "    return {'a': fields.Str(required=True)}\n\ndef predict(a):\n    return a\n"
    )
    (note,) = check(str(file)).notes
    assert note.endswith('Add "examples": [{"a": …}] to what get_metadata returns')


def test_setup_that_fails(tmp_path: Path) -> None:
    file = tmp_path / "predict.py"
    file.write_text(SOURCE.format(returned="str").replace("a,\n        b: complex", "a: str"))
    (found,) = check(str(file)).findings
    assert (found.code, found.where) == ("warm-fails", f"{file}:4")
    assert found.problem == "setup failed: AssertionError: nothing is set up"
    assert check(str(file), call=False).findings == []


def test_answer_to_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "predict.py"
    file.write_text('def predict(a: str = "x") -> int:\n    return {"a": {object()}}\n')
    report = check(str(file))
    assert [found.code for found in report.findings] == ["result-not-sendable"]
    assert report.findings[0].problem.startswith("calling predict with its defaults: ")
    assert report.notes == []


def test_misspelt_setup_and_class_that_needs_arguments(tmp_path: Path) -> None:
    file = tmp_path / "predict.py"
    good = '\nclass Predictor:\n    def predict(self, a: str = "x") -> str:\n        return a\n'
    file.write_text(f"{good}\n    def setpu(self): ...\n")
    (found,) = check(str(file)).findings
    assert (found.code, found.where) == ("function-misspelt", f"{file}:6")
    file.write_text(f"{good}\n    def __init__(self, weights): ...\n")
    (found,) = check(str(file)).findings
    assert (found.code, found.where) == ("object-not-made", f"{file}:2")
