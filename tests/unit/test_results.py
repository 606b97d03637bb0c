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
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaas.runtime.results import BadResult, to_json


class Colour(enum.Enum):
    RED = "red"


class Text(str):
    pass


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
        ([float("nan"), float("inf"), 1e300], [None, None, 1e300]),
        (2**70, 2**70),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.defaultdict(int, a=1), {"a": 1}),
        (Pair(1, 2), [1, 2]),
        (Colour.RED, "red"),
        (Text("x"), "x"),
        (Point(1), {"x": 1}),
        ("\ud800", "\ud800"),
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
        (torch.tensor([1, 2]), [1, 2]),
        (torch.tensor(0.5), 0.5),
    ],
    ids=repr,
)
def test_json(value: Any, expected: Any) -> None:
    assert json.loads(to_json(value)) == expected


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
