"""What is told of a result that is sent, although it is not what is declared, or has no JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from deepaas.kinds.cog.worker.plain import plain
from deepaas.kinds.cog.worker.predictor import wrap
from deepaas.runtime.odd_results import NO_NUMBER, ExpectedResults, has_no_number
from deepaas.runtime.traits import traits_of


@dataclasses.dataclass
class Scores:
    best: float
    names: list[str]


def expected(declared: Any) -> ExpectedResults:
    def predict() -> Any: ...

    predict.__annotations__["return"] = declared
    return ExpectedResults(traits_of(wrap(predict)).output)


@pytest.mark.parametrize(
    ("declared", "result", "told"),
    [
        (str, 0.5, "a float, but declares str"),
        (int, "1", "a str, but declares int"),
        (int, 1.0, "a float, but declares int"),
        (int, True, "a bool, but declares int"),
        (float, "1", "a str, but declares float"),
        (str, ["a"], "a list, but declares str"),
        (str, None, "None, but declares str: is a 'return' missing?"),
        (str, Path("a.png"), "a file (Path), but declares str"),
        (Path, "a.png", "a str, but declares Path"),
        (list[int], [1, "a"], "a str as an item of the list, but declares int"),
        (dict[str, Any], "a", "a str, but declares dict"),
        (str | int, 0.5, "a float, but declares str or int"),
        (Literal["a", "b"], "c", "a str, but declares only other choices"),
        (Scores, Scores("high", []), "a str as 'best', but declares float"),  # type: ignore[arg-type]
        (Scores, Scores(1, [2]), "an int as an item of 'names', but declares str"),  # type: ignore[list-item]
    ],
)
def test_other_type_than_declared(declared: Any, result: Any, told: str) -> None:
    value = result if isinstance(result, Path) else plain(result)
    assert expected(declared).whole(value) == f"predict returned {told}"


@pytest.mark.parametrize(
    ("declared", "result"),
    [
        (str, "a"),
        (float, 1),
        (Any, object()),
        (Any, None),
        (None, None),
        (str | None, None),
        (str | int, 3),
        (list[int], [1, 2]),
        (Path, Path("a.png")),
        (Path, "https://example.org/a.png"),
        (Scores, Scores(1.5, ["a"])),
        (int, object()),  # Becomes a number, or cannot be sent.
    ],
)
def test_as_declared(declared: Any, result: Any) -> None:
    value = result if isinstance(result, Path) else plain(result)
    assert expected(declared).whole(value) == ""


def test_yielded_values() -> None:
    assert expected(Iterator[str]).item("a") == ""
    assert expected(Iterator[str]).item(1) == "predict yielded an int, but declares str"
    assert expected(str).item("a") == (
        "predict yields values, but declares str: declare Iterator[str]"
    )
    assert ExpectedResults({}).item(1) == ""


def test_nothing_is_declared() -> None:
    assert ExpectedResults({}).whole(None).startswith("predict returned None")
    assert ExpectedResults({}).whole(0.5) == ""
    assert ExpectedResults(None).whole(None) == ""  # A schema has been used.


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (math.nan, True),
        ([None, {"a": (1, -math.inf)}], True),
        ([None, 1.5, "nan"], False),
        (Scores(math.inf, []), True),
        ([None] * 100_000 + [math.nan], False),  # Not all of a large value is searched.
    ],
)
def test_numbers_that_json_does_not_have(value: Any, found: bool) -> None:
    assert has_no_number(value) == found
    assert NO_NUMBER.isascii()


def test_arrays() -> None:
    numpy = pytest.importorskip("numpy")
    assert has_no_number({"a": numpy.array([1, numpy.nan])})
    assert not has_no_number({"a": numpy.array([1.5]), "b": None})
