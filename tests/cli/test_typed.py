"""Typed predictors by their path, without a host."""

import json
import os
import subprocess
from pathlib import Path

from support import prepared

COMMAND = prepared.PROGRAMS / "deepaas-cli"

PREDICTOR = '''
from pathlib import Path
from typing import Iterator


def predict(text: Path, times: int = 1) -> Iterator[str]:
    """Tells a text again and again."""
    print("at work")
    for _ in range(times):
        yield text.read_text() + Path("beside.txt").read_text()
'''


def run(*words: str, at: Path) -> "subprocess.CompletedProcess[str]":
    return prepared.run([COMMAND, *words], folder=at, environment={**os.environ, "NO_COLOR": "1"})


def test_paths_begin_where_each_was_written(tmp_path: Path) -> None:
    """Those of the command where it was given, those of the code beside the code."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "predict.py").write_text(PREDICTOR)
    (tmp_path / "model" / "beside.txt").write_text("!")
    (tmp_path / "in.txt").write_text("hello")
    words = ("--model-name", "model/predict.py:predict", "predict", "--text", "in.txt")
    ended = run(*words, "--times", "2", at=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == ["hello!", "hello!"]
    assert "at work" in ended.stderr
    assert "--times" in run(*words[:3], "--help", at=tmp_path).stdout


def test_what_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def predict(a, *more):\n    return a\n")
    ended = run("--model-name", "./bad.py", "predict", at=tmp_path)
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert "predict(a) takes arguments, but get_predict_args() does not exist" in ended.stderr
    ended = run("--model-name", "./bad.py:predict", "predict", at=tmp_path)
    assert ended.returncode != 0
    assert "the input 'a' has no type" in ended.stderr
    assert "(and 2 more)" in ended.stderr
    fix = "List its inputs, each with a type, for example text: str, count: int = 3"
    assert f"{fix} ({tmp_path}/bad.py:1)" in ended.stderr
    assert "Traceback" not in ended.stderr
    ended = run("--model-name", "./absent.py", "predict", at=tmp_path)
    assert (ended.returncode, "does not exist" in ended.stderr) == (2, True)


def test_result_of_another_type_than_declared(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text("def predict(a: int = 1) -> str:\n    return a / 2\n")
    ended = run("--model-name", "odd.py", "predict", at=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "0.5\n")
    assert "predict returned a float, but declares str" in ended.stderr
