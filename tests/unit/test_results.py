"""Results as JSON."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaas.runtime.json_values import BadResult, to_json, to_json_or_text


class Colour(enum.Enum):
    RED = "red"


class Text(str):
    pass


class Moment(dt.datetime):
    """As a `pandas.Timestamp` is one."""


class Never(dt.datetime):
    """As a `pandas.NaT` is one."""

    def __ne__(self, other: object) -> bool:
        return True


class Day(dt.date):
    pass


class Clock(dt.time):
    pass


class Span(dt.timedelta):
    pass


class Whole(int):
    def __str__(self) -> str:
        return "a number"


class Exact(decimal.Decimal):
    pass


class Data(bytes):
    pass


class Rank(enum.IntEnum):
    ONE = 1


class Pair(NamedTuple):
    a: int
    b: int


@dataclass
class Point:
    x: int


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def circular() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ({"a": [1, 2.5, "é", None, True]}, {"a": [1, 2.5, "é", None, True]}),
        ((1, 2), [1, 2]),
        ({1}, [1]),
        ({1: "a", 2.5: "b"}, {"1": "a", "2.5": "b"}),
        ({None: 1, True: 2}, {"null": 1, "true": 2}),
        ({True: 1}, {"true": 1}),
        ([{"a": ({False: 1},)}], [{"a": [{"false": 1}]}]),
        (Point({True: 1}), {"x": {"true": 1}}),  # type: ignore[arg-type]
        ({np.bool_(True): 1}, {"true": 1}),
        ({np.int64(3): 1, np.float32(0.5): 2}, {"3": 1, "0.5": 2}),
        ({Rank.ONE: 1, Colour.RED: 2}, {"1": 1, "red": 2}),
        ({dt.date(2026, 1, 31): 1}, {"2026-01-31": 1}),
        ({Moment(2026, 1, 31): 1}, {"2026-01-31T00:00:00": 1}),
        ({float("inf"): 1}, {"Infinity": 1}),
        ({Whole(3): Whole(4)}, {"3": 4}),
        (Moment(2026, 1, 31, 1, tzinfo=dt.timezone.utc), "2026-01-31T01:00:00Z"),
        (Never(2026, 1, 31), None),
        (Day(2026, 1, 31), "2026-01-31"),
        (Clock(1, 2), "01:02:00"),
        (Span(1), "P1D"),
        (Exact("1.5"), "1.5"),
        (Data(b"\0\1"), "AAE="),
        (Rank.ONE, 1),
        (collections.deque([1]), [1]),
        (range(2), [0, 1]),
        ({1: 2}.keys(), [1]),
        (collections.ChainMap({True: 1}), {"true": 1}),
        ([float("nan"), float("inf"), 1e300], [None, None, 1e300]),
        (2**70, 2**70),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.defaultdict(int, a=1), {"a": 1}),
        (Pair(1, 2), [1, 2]),
        (Colour.RED, "red"),
        (Text("x"), "x"),
        (Point(1), {"x": 1}),
        ("\ud800", "\ud800"),
        (
            ["\ud800", Moment(2026, 1, 31), {True: b"\0\1"}],
            ["\ud800", "2026-01-31T00:00:00", {"true": "AAE="}],
        ),
        (b"\0\1", "AAE="),
        (dt.date(2026, 1, 31), "2026-01-31"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (decimal.Decimal("1.5"), "1.5"),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        ({"a": np.array([0.5])}, {"a": [0.5]}),
        (np.array([np.nan]), [None]),
    ],
    ids=repr,
)
def test_json(value: Any, expected: Any) -> None:
    assert json.loads(to_json(value)) == expected


@pytest.mark.torch
@pytest.mark.parametrize(("value", "expected"), [([1, 2], [1, 2]), (0.5, 0.5)])
def test_json_of_tensors(value: Any, expected: Any) -> None:
    import torch

    assert json.loads(to_json(torch.tensor(value))) == expected


def test_text_stands_for_what_is_no_json() -> None:
    told = json.loads(to_json_or_text({(1, 2): {True: Moment(2026, 1, 31)}, "a": Path("b")}))
    assert told == {"(1, 2)": {"true": "2026-01-31T00:00:00"}, "a": "b"}


@pytest.mark.parametrize(
    "value",
    [object(), lambda: None, circular(), {"a": {"b": object()}}, Path, {(1, 2): 3}],
    ids=["object", "function", "circular", "deep inside", "class", "tuple as key"],
)
def test_what_is_no_json(value: Any) -> None:
    with pytest.raises(BadResult, match="cannot be sent as JSON"):
        to_json(value)


def test_deep_nesting_is_json_or_refused() -> None:
    assert json.loads(to_json(nested(100))) == nested(100)
    with pytest.raises(BadResult):
        to_json(nested(100_000))


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(PLAIN)
def test_plain_values_arrive_unchanged(value: Any) -> None:
    assert json.loads(to_json(value)) == value


def test_objects_with_a_better_form_are_told_so() -> None:
    class Frame:
        def to_dict(self) -> dict[str, int]:
            return {}

    with pytest.raises(BadResult, match=r"of type Frame are not JSON: return frame.to_dict"):
        to_json({"frame": Frame()})
    with pytest.raises(BadResult, match=r"of type generator are not JSON: return list"):
        to_json(number for number in range(3))
