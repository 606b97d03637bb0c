"""A decorator without `functools.wraps` around `setup` hides what it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepaas.kinds.cog.worker.faults import Faults
from deepaas.kinds.cog.worker.predictor import wrap

from .served import module, serve

SOURCE = """
def hidden(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

class Runner:
    @hidden
    @hidden
    def setup(self) -> None:
        self.greeting = "hello"

    def run(self, name: str) -> str:
        return self.greeting + " " + name

class Keywords:
    def setup(self, **options: str) -> None:
        self.options = options

    def run(self, name: str) -> str:
        return name + str(self.options)

class Weights:
    def setup(self, weights: str | None, *more: str) -> None:
        self.weights, self.more = weights, more

    def run(self, name: str) -> str:
        return name + str((self.weights, self.more))

class Needs:
    def setup(self, folder: str, *more: str) -> None: ...

    def run(self) -> str: ...
"""


@pytest.mark.parametrize(
    ("name", "returned"),
    [("Runner", "hello Ada"), ("Keywords", "Ada{}"), ("Weights", "Ada(None, ())")],
)
def test_setup_need_not_name_what_it_takes(name: str, returned: str, tmp_path: Path) -> None:
    assert serve(SOURCE, tmp_path, name).returned(name="Ada") == returned


def test_what_setup_needs_is_a_fault() -> None:
    with pytest.raises(Faults, match="'folder' has no value"):
        wrap(module(SOURCE).Needs)
