"""Installed entry points that name a typed predictor: checked as one that is named by its path."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from compat.installed import install
from support.command_lines import run_cli

SOURCE = '''
class Good:
    """Greets.

    By name.
    """

    def setup(self):
        print("set up")
        self.word = "hello "

    def predict(self, name: str, times: int = 1) -> str:
        return self.word + name * times


class Bad:
    def predict(self, name, more: complex) -> complex:
        return name


class Unmade:
    def __init__(self, weights):
        self.weights = weights

    def predict(self, name: str) -> str:
        return name


def function(name: str) -> str:
    return name


def bad_function(name, *more) -> str:
    return name


def get_metadata():
    return {}
'''

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `deepaas-cli` where all that stands in `SOURCE` is installed under its own name."""
    site = tmp_path / "site"
    names = ["Good", "Bad", "Unmade", "function", "bad_function", "Absent"]
    path = install({name: f"greeting_model:{name}" for name in names}, site)
    (site / "greeting_model.py").write_text(SOURCE)
    (tmp_path / "work").mkdir()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1"}
        return run_cli(*words, folder=tmp_path / "work", environment=environment)

    return run


FAULTS = {
    "Good": [],
    "function": [],
    "Bad": [
        (
            "typed-predictor",
            "predict(): the input 'name' has no type",
        ),
        (
            "typed-predictor",
            "predict(): the input 'more': clients cannot send values of the type complex",
        ),
        (
            "typed-predictor",
            "predict(): return type: results cannot be of the type complex",
        ),
    ],
    "bad_function": [
        (
            "typed-predictor",
            "bad_function(): the input 'name' has no type",
        ),
        ("typed-predictor", "bad_function(): *more is not supported"),
    ],
    "Unmade": [
        (
            "object-not-made",
            "class Unmade cannot be instantiated without arguments (missing a required argument: "
            "'weights'). Unmade() must work without arguments; load weights in setup()",
        )
    ],
    "Absent": [
        (
            "entry-point-nowhere",
            "the entry point refers to 'Absent', which greeting_model does not define",
        )
    ],
}


@pytest.mark.parametrize("name", FAULTS)
def test_check(name: str, run: Run) -> None:
    ended = run("check", "--json", name)
    report = json.loads(ended.stdout)
    found = [(one["code"], one["problem"]) for one in report["findings"]]
    assert found == FAULTS[name]
    assert ended.returncode == (1 if found else 0), ended.stderr
    assert report["models"] == {name: f"greeting_model:{name}"}
    if name in ("Bad", "bad_function", "Unmade"):
        where = report["findings"][0]["where"]
        line = SOURCE.splitlines().index(next(x for x in SOURCE.splitlines() if f" {name}" in x))
        below = 1 if name == "Bad" else 0  # The line of its function.
        assert where.endswith(f"greeting_model.py:{line + 1 + below}")
    if not found:
        (note,) = report["notes"]
        assert note.startswith("not fully checked: predict was not called because it requires name")


def test_other_commands(run: Run) -> None:
    ended = run("--model-name", "Good", "predict", "--name", "Ada", "--times", "2")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, '"hello AdaAda"\n', "set up\n")
    ended = run("--model-name", "function", "predict", "--name", "Ada")
    assert (ended.returncode, ended.stdout) == (0, '"Ada"\n')
    ended = run("--model-name", "Good", "get_metadata")
    assert json.loads(ended.stdout) == {"summary": "Greets.", "description": "Greets.\n\nBy name."}
    ended = run("--model-name", "Good", "warm")
    assert (ended.returncode, ended.stderr) == (0, "set up\nGood is warmed up\n")
    ended = run("--model-name", "Good", "train")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Good has no train function" in ended.stderr
    ended = run("--model-name", "Bad", "predict")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "the input 'name' has no type" in ended.stderr and "(and 2 more)" in ended.stderr
    assert "Traceback" not in ended.stderr
