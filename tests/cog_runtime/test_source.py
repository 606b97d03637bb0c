"""What only the source tells: Cog reads nothing else, so predictors rely on it."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import marshmallow
import pytest

from deepaas.kinds.cog.worker.from_path import load
from deepaas.runtime.contract import LoadedModel

from .served import Served

PLAIN = """
def decorator(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper
"""
WITH_ARGUMENTS = """
def decorate(word):
    def decorator(function):
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)
        return wrapper
    return decorator
decorator = decorate("a")
"""
OBJECT = """
class decorator:
    def __init__(self, function):
        self.function = function
    def __get__(self, owner, kind=None):
        import types
        return self if owner is None else types.MethodType(self, owner)
    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)
"""
LAMBDA = """
def decorator(function):
    return lambda *args, **kwargs: function(*args, **kwargs)
"""
WRAPS = """
import functools
def decorator(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper
"""
DECORATORS = {
    "plain": PLAIN,
    "with arguments": WITH_ARGUMENTS,
    "object": OBJECT,
    "lambda": LAMBDA,
    "wraps": WRAPS,
}
METHOD = """
from cog import Input

class Predictor:
    @decorator
    def predict(self, text: str, count: int = Input(default=2, ge=1)) -> str:
        '''Repeats a text.'''
        return text * count
"""
TWICE = METHOD.replace("    @decorator\n", "    @decorator\n    @decorator\n")
FUNCTION = """
from cog import Input

@decorator
def predict(text: str, count: int = Input(default=2, ge=1)) -> str:
    '''Repeats a text.'''
    return text * count
"""
FUTURE = "from __future__ import annotations\n"
_names = itertools.count()


def served(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    path = folder / f"decorated_{next(_names)}.py"
    path.write_text(source)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    model = LoadedModel("tried", load(str(path)), folder / "spool")
    model.warm()
    return Served(model)


@pytest.mark.parametrize("shape", [METHOD, TWICE, FUNCTION], ids=["method", "twice", "function"])
@pytest.mark.parametrize("future", ["", FUTURE], ids=["", "future"])
@pytest.mark.parametrize("decorator", DECORATORS)
def test_what_is_decorated_is_served(
    decorator: str, future: str, shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = served(future + DECORATORS[decorator] + shape, tmp_path, monkeypatch)
    assert list(found.parameters) == ["text", "count"]
    assert found.parameters["count"]["minimum"] == 1
    assert found.returned(text="a") == "aa"
    assert found.returned(text="a", count=3) == "aaa"
    assert found.model.metadata()["description"] == "Repeats a text."


def test_what_yields_and_awaits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yields = "from typing import Iterator\n@decorator\ndef run(n: int) -> Iterator[int]:\n"
    yields += "    yield from range(n)\n"
    found = served(PLAIN + yields, tmp_path, monkeypatch)
    assert found.signature.result.streams
    assert found.returned(n=2) == [0, 1]
    awaits = "@decorator\nasync def run(n: int) -> int:\n    return n + 1\n"
    found = served(PLAIN + awaits, tmp_path, monkeypatch)
    assert found.model.asynchronous
    assert found.returned(n=2) == 3


def test_what_is_written_is_run_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To read the source again makes no second class, and changes nothing in the module."""
    source = (
        "made = []\n"
        + PLAIN
        + METHOD.replace("class Predictor:", "class Predictor:\n    made.append(1)")
    )
    found = served(source + "\ndef count() -> int: return len(made)\n", tmp_path, monkeypatch)
    assert found.returned(text="a") == "aa"
    module = sys.modules[f"decorated_{next(_names) - 1}"]
    assert module.count() == 1
    assert not hasattr(module, "predict")


SECRETS = [
    ("cog.Secret", "Input(default=None)", False),
    ("cog.Secret", "None", False),
    ("Optional[cog.Secret]", "Input(description='a key')", False),
    ("pydantic.SecretStr", "Input(default=None)", False),
    ("cog.Secret", "Input(description='a key')", True),
    ("int", "Input(default=None)", True),
    ("str", "Input(default=None)", True),
]


@pytest.mark.parametrize("decorator", ["", PLAIN], ids=["", "decorated"])
@pytest.mark.parametrize(("annotation", "default", "required"), SECRETS)
def test_a_secret_with_none_need_not_be_given(
    decorator: str,
    annotation: str,
    default: str,
    required: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = f"""
from typing import Optional
import cog, pydantic
from cog import Input
{decorator}
class Predictor:
    {"@decorator" if decorator else ""}
    def predict(self, a: int = 1, key: {annotation} = {default}, b: int = 2) -> str:
        return type(key).__name__
"""
    found = served(source, tmp_path, monkeypatch)
    told = found.parameters["key"]
    assert bool(told.get("required")) == required
    if required:
        with pytest.raises(marshmallow.ValidationError):
            found.call()
    else:
        assert told["x-nullable"]
        assert found.returned() == found.returned(key=None) == "NoneType"
