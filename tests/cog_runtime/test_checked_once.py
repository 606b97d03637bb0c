"""What fits a predictor's schema is taken as it would be if it were checked again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import marshmallow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepaas.messages import Values
from deepaas.protocols.cog.checking import Checker
from deepaas.protocols.cog.schema import input_schema
from deepaas.runtime.arguments import Arguments

from .served import serve

SOURCE = """
from enum import Enum
from typing import Any, Literal, Optional, Union

from cog import Input, Secret
from pydantic import Field


class Mood(str, Enum):
    good = "good"
    bad = "bad"


def run(
    text: str = Input(default="a", min_length=1, max_length=3),
    pattern: str = Input(default="ab", regex="^a"),
    whole: int = Input(default=1, ge=-2, le=5),
    above: int = Field(default=1, gt=0, lt=4),
    share: float = Input(default=0.5, ge=0, le=1),
    yes: bool = False,
    mood: Mood = Mood.good,
    kind: Literal["x", "y"] = "x",
    count: Literal[1, 2] = 1,
    maybe: Optional[int] = None,
    either: Union[int, str] = 1,
    many: Union[list[int], list[float]] = [1],
    wholes: list[int] = Input(default=[1], ge=0, le=3),
    words: list[str] = [],
    key: Secret = Input(default=None),
    thing: dict = {},
    any: Any = None,
) -> str:
    return ""
"""
NUMBERS = st.integers(-4, 6) | st.floats(-4, 6) | st.sampled_from([1.0, 2.0, 10**20, -(2**63)])
PLAIN = st.none() | st.booleans() | NUMBERS | st.sampled_from(["", "a", "ab", "good", "x", "1"])
VALUES = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.just("a"), PLAIN)


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> tuple[Arguments, Checker]:
    folder: Path = tmp_path_factory.mktemp("typed")
    model = serve(SOURCE, folder).model
    described, found = model.describe().predict, model.arguments("predict")
    assert described is not None and found is not None
    return found, Checker(input_schema(described))


def loaded(arguments: Arguments, values: Values) -> Any:
    try:
        found = arguments.load(values)
    except marshmallow.ValidationError as error:
        return error.messages
    # True is 1, and 1.0 too, but models look.
    return {name: (value, repr(value)) for name, value in found.items()}


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_nothing_is_taken_otherwise(arguments: tuple[Arguments, Checker], data: Any) -> None:
    found, checker = arguments
    name = data.draw(st.sampled_from(sorted(checker.names)))
    given = {name: data.draw(VALUES)}
    if checker.faults(given):
        return
    assert loaded(found, Values(given, checked=True)) == loaded(found, Values(given))
