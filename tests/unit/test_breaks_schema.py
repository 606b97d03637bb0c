"""What an author is told about a result that breaks the declared schema."""

from __future__ import annotations

import json
import math
import types
from pathlib import Path
from typing import Any

import marshmallow
import pytest
from webargs import fields, validate

from deepaas.messages import Predict, RawRequest
from deepaas.model.v2.fields import Tensor
from deepaas.runtime import broken_schema
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.json_values import BadResult
from deepaas.runtime.odd_results import NO_NUMBER
from deepaas.runtime.results import BreaksSchema


class Left(marshmallow.Schema):
    left = fields.Int()


SCHEMA = {
    "score": fields.Float(),
    "count": fields.Int(required=True),
    "label": fields.Str(validate=validate.OneOf(["cat", "dog"])),
    "boxes": fields.List(fields.Nested({"left": fields.Int()})),
    "many": fields.Nested({"left": fields.Int()}, many=True),
    "shares": fields.Dict(keys=fields.Str(), values=fields.Float()),
    "named": fields.Dict(keys=fields.Str(), values=fields.Nested({"left": fields.Int()})),
    "plucked": fields.Pluck(Left, "left"),
    "pair": fields.Tuple((fields.Str(), fields.Int())),
    "tensor": Tensor("int8", (2,)),
    "day": fields.Date(),
}


def answer(result: Any, schema: Any = SCHEMA) -> Any:
    author = types.SimpleNamespace(schema=schema, predict=lambda: result)
    return LoadedModel("mine", author, Path("/nowhere")).predict(
        Predict(0, RawRequest()), {}, print
    )


def said(result: Any, schema: Any = SCHEMA) -> str:
    with pytest.raises(BreaksSchema) as error:
        answer(result, schema)
    return str(error.value)


def test_what_was_declared_what_came_and_what_to_do() -> None:
    assert said({"count": 1, "score": "high"}) == (
        "result 'score': declared Float, got 'high' (str), so clients get no result. "
        "Return a float, or change the schema."
    )


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({}, "result 'count': declared Integer, required, but missing"),
        ({"count": 1, "skore": 2}, "result 'skore': not declared, got 2 (int)"),
        ({"count": None}, "result 'count': declared Integer, got None, "),
        ({"count": None}, "Return an int, allow it with allow_none=True, or"),
        ({"count": 1, "label": "cow"}, "declared String, got 'cow' (str): Must be one of: cat"),
        ({"count": 1, "boxes": [{"left": 1}, {"left": "a"}]}, "'boxes[1].left': declared Integer"),
        ({"count": 1, "many": [{"left": "a"}]}, "'many[0].left': declared Integer, got 'a' (str)"),
        ({"count": 1, "boxes": [3]}, "result 'boxes[0]': declared Nested, got 3 (int)"),
        ({"count": 1, "shares": {"a": "b"}}, "result 'shares.a': declared Float, got 'b' (str)"),
        ({"count": 1, "shares": {3: 0.5}}, "result 'shares[3]': declared String, got 3 (int)"),
        ({"count": 1, "named": {"a": {"left": "b"}}}, "'named.a.left': declared Integer, got 'b'"),
        ({"count": 1, "plucked": "b"}, "'plucked.left': declared Integer: Not a valid integer"),
        ({"count": 1, "x" * 200: 1}, "'" + "x" * 80 + "...': not declared, got 1 (int)"),
        ({"count": 1, "pair": ["a", "b"]}, "result 'pair[1]': declared Integer, got 'b' (str)"),
        ({"count": 1, "tensor": [1]}, "declared Tensor, got [1] (list): expected int8 of shape"),
        ({"count": 1, "day": 3}, "declared Date, got 3 (int), so clients get no result. Return v"),
        ([1], "the result is [1] (list), but the schema declares a dict with 'score', 'count'"),
        (None, "the result is None, but the schema declares a dict with 'score', 'count', 'lab"),
        (None, "is a 'return' missing?, so clients get no result. Return a dict, or"),
    ],
)
def test_differences(result: Any, told: str) -> None:
    assert told in said(result)


class Whole(marshmallow.Schema):
    a = fields.Int()

    @marshmallow.validates_schema
    def odd(self, _data: Any, **_options: Any) -> None:
        raise marshmallow.ValidationError("a is odd")


def test_the_author_s_own_check_of_the_whole() -> None:
    told = said({"a": 1}, Whole)
    assert told.startswith("the result {'a': 1} (dict): a is odd, so clients get no result. ")
    assert "Return another result, or change the schema in " in told


def test_nan_in_a_dict_of_numbers() -> None:
    told = answer({"shares": {"a": math.nan}, "count": 1})
    assert json.loads(told.body) == {"shares": {"a": None}, "count": 1}


def test_only_the_first_of_many() -> None:
    told = said({"count": 1, **{f"no{number}": number for number in range(9)}})
    assert "result 'no4'" in told
    assert "result 'no5'" not in told
    assert "and 4 more" in told


def test_long_and_odd_values_are_short() -> None:
    class Odd:
        def __repr__(self) -> str:
            return "one\ntwo"

    assert "got one two (Odd)" in said({"count": 1, "score": Odd()})
    assert len(said({"count": 1, "score": "x" * 10_000})) < 300


class Declared(marshmallow.Schema):
    score = fields.Float()


def test_the_place_of_the_declaration() -> None:
    author = types.SimpleNamespace(schema=Declared, predict=lambda: {"score": "high"})
    with pytest.raises(BreaksSchema, match=r"change the schema in .*test_breaks_schema.py:\d+\."):
        LoadedModel("mine", author, Path("/")).predict(Predict(0, RawRequest()), {}, print)
    assert broken_schema.place(types.SimpleNamespace()) == ""


@pytest.mark.parametrize("schema", [None, {"score": fields.Float(), "list": fields.Raw()}])
def test_nan_is_null_and_a_notice_with_and_without_schema(schema: Any) -> None:
    for number in (math.nan, math.inf):
        told = answer({"score": number, "list": [number]}, schema)
        assert json.loads(told.body) == {"score": None, "list": [None]}
        assert told.remark == NO_NUMBER
    assert "allow_none=True" in NO_NUMBER


def test_value_that_is_not_json_is_named() -> None:
    with pytest.raises(BadResult) as error:
        answer({"a": 1, "b": [object()]}, None)
    told = "result 'b' cannot be sent as JSON: objects of type object are not JSON"
    assert str(error.value) == told


def test_nan_excuses_nothing_else() -> None:
    told = said({"count": "a", "score": math.nan})
    assert "result 'count': declared Integer, got 'a' (str)" in told
