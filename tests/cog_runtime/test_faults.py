"""What is wrong with a predictor is told all at once, in its author's words."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deepaas.kinds.cog.worker.faults import Faults
from deepaas.kinds.cog.worker.from_path import load
from deepaas.kinds.cog.worker.predictor import wrap
from deepaas.kinds.cog.worker.types import SUPPORTED
from deepaas.runtime.traits import ATTRIBUTE

from .served import module

ONE_FAULT = [
    ("def run(x) -> str: ...", "the input 'x' has no type. Add one, for example x: str"),
    ("def run(x: str): ...", "has no return type. Add one, for example -> str"),
    ("def run(*x: str) -> str: ...", "run(): *x is not supported. List its inputs"),
    ("def run(**x: str) -> str: ...", "**x is not supported. List its inputs"),
    ("def run(x: str, /) -> str: ...", "positional-only. Remove the /"),
    (
        "def run(x: 'Unknown') -> str: ...",
        "the type of the input 'x' is invalid: name 'Unknown'",
    ),
    ("def run() -> 'Unknown': ...", "the return type is invalid: name 'Unknown'"),
    ("def run(x: complex) -> str: ...", "of the type complex. Write for example x: float, or use"),
    (
        "def run(x: bytes) -> str: ...",
        "use one of str, int, float, bool, dict, list[str], Path (a file)",
    ),
    ("def run(x: bytes) -> str: ...", "for example x: Path"),
    ("def run(x: tuple[int, int]) -> str: ...", "for example x: list[float]"),
    ("def run(x: Union[str, Path]) -> str: ...", "a file cannot be part of a union"),
    ("def run(x: list[list[Path]]) -> str: ...", "files in lists of lists are not supported"),
    (
        "def run(x: Literal['a', 1]) -> str: ...",
        "choices must be all strings or all integers",
    ),
    (
        "def run(x: int = 'a') -> str: ...",
        "'a' is not of the type integer. Use one that is, for example 3",
    ),
    ("def run(x: list[int] = 3) -> str: ...", "the default 3 is not a list"),
    (
        "def run(x: int = Input(default=11, le=10)) -> str: ...",
        "the default 11 violates le=10. Change",
    ),
    ("def run(x: str = Input(default='', min_length=1)) -> str: ...", "'' violates min_length=1"),
    ("def run(x: str = Input(ge=1)) -> str: ...", "ge: only for numbers, not for string"),
    ("def run(x: int = Input(max_length=1)) -> str: ...", "max_length: only for strings and lists"),
    ("def run(x: int = Input(regex='a')) -> str: ...", "regular expression is only for strings"),
    ("def run(x: str = Input(regex='(')) -> str: ...", "invalid regular expression '('"),
    ("def run(x: str = Input(choices=[1])) -> str: ...", "all choices must be of the type str"),
    (
        "def run(x: str = Input(default='c', choices=['a'])) -> str: ...",
        "'c' is not one of the choices",
    ),
    (
        "def run(x: int = Input(ge=1, choices=[1])) -> str: ...",
        "choices cannot be combined with ge",
    ),
    ("def run() -> complex: ...", "results cannot be of the type complex. Write"),
    ("def run() -> bytes: ...", "for example -> Path, or use one of str, int"),
    ("def run() -> Iterator: ...", "needs the type of its items"),
    ("def run() -> ConcatenateIterator[int]: ...", "must be str"),
    ("class run:\n    def predict(self) -> str: ...\n    def run(self) -> str: ...", "not both"),
    ("class run:\n    def other(self) -> str: ...", "not neither"),
    (
        "class run:\n    def setup(self, folder): ...\n    def run(self) -> str: ...",
        "setup() may only have a parameter 'weights': 'folder' has no value",
    ),
]
IMPORTS = """
from typing import Iterator, Literal, Union
from cog import ConcatenateIterator, Input, Path
"""


@pytest.mark.parametrize(("source", "words"), ONE_FAULT)
def test_one_fault(source: str, words: str) -> None:
    with pytest.raises(Faults) as found:
        wrap(module(IMPORTS + source).run)
    (fault,) = found.value.faults
    assert words in fault.sentence
    assert fault.fix


MANY = """
import os
from cog import BaseRunner, Input

class Runner(BaseRunner):
    def setup(self):
        raise AssertionError("nothing is set up")

    def run(self, a, b: complex,
            c: int = Input(default=5, le=1)):
        pass

def train(n: "Unknown") -> str:
    pass
"""
TOLD = [
    ("run(): the input 'a' has no type. Add one, for example a: str", 9),
    (
        "run(): the input 'b': clients cannot send values of the type complex. "
        f"Write for example b: float, or use one of {SUPPORTED}",
        9,
    ),
    (
        "run(): the input 'c': the default 5 violates le=1. "
        "Change the default, or what is declared",
        10,
    ),
    ("run() has no return type. Add one, for example -> str", 9),
    (
        "run() must be async to process several calls at a time. "
        "Write async def run(…), or allow one call at a time",
        9,
    ),
    (
        "train(): the type of the input 'n' is invalid: name 'Unknown' is not defined. "
        "Import the name, or correct it",
        13,
    ),
]


Ask = Callable[[Path], Any]

EACH = """
import json, os, sys
from deepaas.kinds.cog.worker.from_path import faults
for line in sys.stdin:
    if os.fork() == 0:
        print(json.dumps(faults(json.loads(line))), flush=True)
        os._exit(0)
    _, status = os.wait()
    if status:
        print(json.dumps(f"it ended with {status}"), flush=True)
"""


@pytest.fixture(scope="module")
def faults() -> Iterator[Ask]:
    """What a process of its own finds, as `deepaas-cli check` asks: a copy of one for each."""
    with subprocess.Popen(
        [sys.executable, "-c", EACH], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        questions, answers = process.stdin, process.stdout

        def ask(source: Path) -> Any:
            print(json.dumps(str(source)), file=questions, flush=True)
            return json.loads(answers.readline())

        yield ask
        questions.close()


def test_all_faults_of_a_project_at_once(faults: Ask, tmp_path: Path) -> None:
    (tmp_path / "predict.py").write_text(MANY)
    (tmp_path / "cog.yaml").write_text(
        'run: "predict.py:Runner"\ntrain: "predict.py:train"\nconcurrency: {max: 2}\n'
    )
    file = tmp_path / "predict.py"
    assert faults(tmp_path) == [f"{problem} ({file}:{line})" for problem, line in TOLD]


@pytest.mark.parametrize(
    ("files", "source", "words"),
    [
        ({}, "predict.py", "file not found: {}/predict.py"),
        ({"predict.py": ""}, "predict.py:Runner", "{}/predict.py does not define Runner"),
        ({"predict.py": ""}, "predict.py", "defines none of Runner, Predictor, run, predict"),
        (
            {"cog.yaml": "a: b"},
            ".",
            "cog.yaml has no predictor. Add a line such as predict:",
        ),
        ({"cog.yaml": "["}, ".", "cog.yaml is not YAML"),
        ({"cog.yaml": "- a"}, ".", "cog.yaml does not contain keys with values"),
        (
            {"cog.yaml": "run: a.py\nconcurrency: {{max: many}}"},
            ".",
            "concurrency: max must be an integer",
        ),
        ({"cog.yaml": "run: a.py\ntrain: [1]"}, ".", "train must be the name of a function"),
        ({"cog.yaml": "run: a.py\npredict: b.py"}, ".", "has both 'run' and 'predict'"),
        ({"cog.yaml": "run: a.py\nenvironment: {{A: b}}"}, ".", "must be a list of NAME=value"),
        ({"cog.yaml": "run: a.py\nenvironment: [A]"}, ".", "must be a list of NAME=value, not 'A'"),
        ({"cog.yaml": "run: a.py\nenvironment: [A=1, A=2]"}, ".", "environment has A twice"),
        ({"predict.py": "1 / 0"}, "predict.py", "failed: ZeroDivisionError: division by zero"),
        ({"predict.py": "def"}, "predict.py", "failed: SyntaxError"),
        ({"predict.py": "import sys; sys.exit(3)"}, "predict.py", "failed: SystemExit: 3"),
        (
            {"predict.py": "import cog", "cog.py": "import nothing_there"},
            "predict.py",
            "failed: Module",
        ),
        (
            {"predict.py": "raise ModuleNotFoundError('no', name='cog')"},
            "predict.py",
            "its code imports cog, which is not installed here: pip install 'deepaas[cog]'",
        ),
    ],
)
def test_what_cannot_be_loaded(
    files: dict[str, str], source: str, words: str, faults: Ask, tmp_path: Path
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(textwrap.dedent(content.replace("{{", "{").replace("}}", "}")))
    (found,) = faults(tmp_path / source)
    assert words.format(tmp_path) in found


def test_nothing_is_wrong(faults: Ask, tmp_path: Path) -> None:
    (tmp_path / "predict.py").write_text("def predict(a: str) -> str: ...")
    assert faults(tmp_path / "predict.py") == []


def test_what_a_project_says_counts_or_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cog.yaml").write_text(
        'run: "predict.py:Runner"\n'
        "environment: [OF_THE_PROJECT=a=b, OF_THE_OPERATOR=x, EMPTY=]\n"
        "concurrency: {max: 3, default_target: 2}\n"
        "build: {gpu: true, python_packages: [torch]}\n"
        "image: r8.im/a/b\nweights: [{name: a}]\nmodel: a/b\nenviroment: [A=b]\n"
    )
    (tmp_path / "predict.py").write_text(
        "import os\n"
        "SEEN = [os.environ[n] for n in ('OF_THE_PROJECT', 'OF_THE_OPERATOR', 'EMPTY')]\n"
        "class Runner:\n"
        "    async def run(self) -> list[str]:\n        return SEEN\n"
    )
    for name in ("OF_THE_PROJECT", "EMPTY"):
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)
    monkeypatch.setenv("OF_THE_OPERATOR", "y")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    predictor = load(str(tmp_path))
    assert sys.modules["predict"].SEEN == ["a=b", "y", ""]
    assert getattr(predictor, ATTRIBUTE).concurrency == 3
    told = capfd.readouterr().err.splitlines()
    assert [line.partition(" has no effect")[0] for line in told[:-1]] == [
        f"cog.yaml: {key}" for key in ("build", "image", "weights", "model")
    ]
    assert told[-1] == "cog.yaml: unknown key 'enviroment'; it has no effect"
