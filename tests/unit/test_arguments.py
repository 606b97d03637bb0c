"""Arguments as people may see them."""

from __future__ import annotations

from typing import Any

import marshmallow
import pytest
from webargs import fields

from deepaas.protocols.cog.checking import Checker
from deepaas.protocols.cog.schema import input_schema
from deepaas.runtime.arguments import HIDDEN, Arguments
from deepaas.runtime.describe import describe
from deepaas.web.secret_values import SECRET, without_secrets


def password() -> fields.Field:
    return fields.Str(allow_none=True, metadata={"format": "password"})


class Account(marshmallow.Schema):
    name = fields.Str()
    key = password()


NESTED = [
    (fields.List(password()), ["a", "b"], [HIDDEN, HIDDEN]),
    (fields.List(fields.List(password())), [["a"]], [[HIDDEN]]),
    (fields.Dict(values=password()), {"a": "b"}, {"a": HIDDEN}),
    (fields.Nested(Account), {"name": "a", "key": "b"}, {"name": "a", "key": HIDDEN}),
    (fields.Nested(Account(many=True)), [{"key": "b"}], [{"key": HIDDEN}]),
    (fields.List(fields.Nested(Account)), [{"key": "b"}], [{"key": HIDDEN}]),
    (fields.Nested({"key": password()}), {"key": "b"}, {"key": HIDDEN}),
    (fields.List(fields.Str()), ["a"], ["a"]),
    (fields.Raw(), {"a": ["b"]}, {"a": ["b"]}),
]


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        (password(), "a", HIDDEN),
        (password(), None, None),
        (fields.Tuple((fields.Str(), password())), ("a", "b"), ["a", HIDDEN]),
        *NESTED,
    ],
)
def test_passwords_are_hidden_wherever_they_are(field: Any, value: Any, shown: Any) -> None:
    assert Arguments({"x": field}).shown({"x": value, "other": 1}) == {"x": shown, "other": 1}


@pytest.mark.parametrize(("field", "value", "shown"), NESTED)
def test_cog_s_door_knows_them_too(field: Any, value: Any, shown: Any) -> None:
    description = describe(Arguments({"x": field}), None, None)
    assert description.predict is not None
    schema = input_schema(description.predict)
    assert Checker(schema).faults({"x": value}) == []
    told = without_secrets({"x": value}, schema)["x"]
    assert str(told).replace(SECRET, HIDDEN) == str(shown)


@pytest.mark.parametrize(
    ("field", "enum"),
    [
        (fields.Str(metadata={"enum": "seg"}), ["seg"]),
        (fields.Int(metadata={"enum": 3}), [3]),
        (fields.Str(metadata={"enum": ("a", "b")}), ["a", "b"]),
        (fields.Str(metadata={"enum": ["seg"]}), ["seg"]),
    ],
)
def test_choices_are_a_list_in_the_documents(field: Any, enum: list[Any]) -> None:
    described = describe(Arguments({"x": field}), None, None).predict
    assert described is not None
    [parameter], [argument] = described.parameters, described.arguments
    assert parameter["enum"] == argument.schema["enum"] == enum


def test_choices_of_items_and_answers_are_lists() -> None:
    inner = fields.Str(metadata={"enum": "seg"})
    answer = marshmallow.Schema.from_dict({"enum": inner, "all": fields.List(inner)}, name="Answer")
    described = describe(Arguments({"x": fields.List(inner)}), None, answer)
    assert described.predict is not None
    [parameter] = described.predict.parameters
    assert parameter["items"]["enum"] == ["seg"]
    properties = described.definitions["Answer"]["properties"]
    assert properties["enum"]["enum"] == properties["all"]["items"]["enum"] == ["seg"]
