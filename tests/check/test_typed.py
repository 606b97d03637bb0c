"""Typed predictors: all that is wrong with a signature, and nothing of the model is run."""

from __future__ import annotations

from pathlib import Path

from deepaas.check import check

SOURCE = """
class Predictor:
    def setup(self):
        raise AssertionError("nothing is set up")

    def predict(self, a, b: complex) -> {returned}:
        return a
"""


def test_all_faults_of_a_signature(tmp_path: Path) -> None:
    file = tmp_path / "predict.py"
    file.write_text(SOURCE.format(returned="complex"))
    report = check(f"{file}:Predictor")
    assert [found.problem for found in report.findings] == [
        "predict(): the input 'a' has no type; write for instance a: str",
        "predict(): the input 'b': the type complex is not one that clients can send",
        "predict(): what it returns: the type complex is not one that clients can send",
    ]
    assert {found.code for found in report.findings} == {"typed-predictor"}
    assert report.models == {"Predictor": f"{file}:Predictor"}


def test_import_that_fails_and_name_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "predict.py"
    file.write_text("1 / 0\n")
    (found,) = check(f"{file}:Predictor").findings
    assert (found.code, found.where.rpartition(":")[2]) == ("import-fails", "1")
    file.write_text("")
    (found,) = check(f"{file}:Predictor").findings
    assert found.problem == f"{file} has no Predictor"


def test_good_one(tmp_path: Path) -> None:
    good = SOURCE.format(returned="str").replace("a, b: complex", "a: str")
    (tmp_path / "predict.py").write_text(good)
    (tmp_path / "cog.yaml").write_text("predict: predict.py:Predictor\n")
    assert check(str(tmp_path)).findings == []
