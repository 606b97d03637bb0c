"""Schemas of OpenAPI 3.0 as JSON Schema 2020-12 and back; what authors declare, as signatures."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields, validate

from deepaas.runtime.arguments import Arguments
from deepaas.runtime.describe import describe
from deepaas.schemas.json_schema import from_openapi, from_swagger, to_openapi

PLAIN = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "integer", "number", "boolean", "object"]),
        "nullable": st.just(True),
        "minimum": st.integers(0, 3),
        "exclusiveMinimum": st.just(True),
        "maximum": st.integers(4, 9),
        "exclusiveMaximum": st.just(True),
        "description": st.text(max_size=5),
    },
).map(
    lambda schema: {
        key: value
        for key, value in schema.items()
        # Beside no limit it says nothing.
        if not key.startswith("exclusive") or key[9:].lower() in schema
    }
)
OPENAPI = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(st.text(max_size=3), inner)}
        ),
        st.fixed_dictionaries(
            {"anyOf": st.lists(inner, min_size=1, max_size=3)},
            optional={"nullable": st.just(True)},
        ),
        st.fixed_dictionaries(
            {"allOf": st.lists(inner, min_size=1, max_size=2)},
            optional={"nullable": st.just(True)},
        ),
    ),
    max_leaves=6,
)


@given(OPENAPI)
def test_nothing_is_lost_on_the_way_there_and_back(schema: dict[str, Any]) -> None:
    told = from_openapi(schema)
    jsonschema.Draft202012Validator.check_schema(told)
    assert to_openapi(told) == schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer"},
        {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        {"allOf": [{"type": "object"}]},
        {"oneOf": [{"type": "object"}]},
        {"description": "anything"},
    ],
)
def test_null_is_a_value_where_openapi_says_so(schema: dict[str, Any]) -> None:
    assert not jsonschema.Draft202012Validator(from_openapi(schema)).is_valid(None) or (
        "description" in schema
    )
    nullable = from_openapi({**schema, "nullable": True})
    assert jsonschema.Draft202012Validator(nullable).is_valid(None)


def test_references_are_put_in_place_also_those_of_a_schema_to_itself() -> None:
    definitions = {"Tree": {"type": "object", "properties": {"of": {"$ref": "#/definitions/Tree"}}}}
    told = from_swagger({"$ref": "#/definitions/Tree"}, definitions)
    assert told["properties"]["of"]["properties"]["of"]["type"] == "object"
    assert "$ref" not in str(told)


class Box(Schema):
    left = fields.Int(required=True)


@pytest.mark.parametrize(
    ("field", "right", "wrong"),
    [
        (fields.Int(validate=validate.Range(1, 3)), [1, 3], [0, "a"]),
        (
            fields.Float(validate=validate.Range(min=0, min_inclusive=False)),
            [0.5],
            [0, None],
        ),
        (fields.Str(allow_none=True, validate=validate.OneOf(["a", "b"])), ["a", None], ["c", 1]),
        (fields.List(fields.Int(), validate=validate.Length(max=2)), [[], [1]], [[1, 2, 3], ["a"]]),
        (fields.Nested(Box), [{"left": 1}], [{"left": "a"}]),
        (fields.Bool(), [True], ["a"]),
    ],
)
def test_a_signature_says_what_values_fit(
    field: fields.Field, right: list[Any], wrong: list[Any]
) -> None:
    described = describe(Arguments({"x": field}), None, None).predict
    assert described is not None
    (argument,) = described.arguments
    checks = jsonschema.Draft202012Validator(argument.schema)
    assert [value for value in right if not checks.is_valid(value)] == []
    assert [value for value in wrong if checks.is_valid(value)] == []


def test_what_a_signature_tells_of_an_argument() -> None:
    declared = {
        "picture": fields.Field(
            required=True, metadata={"type": "file", "location": "form", "description": "A cat"}
        ),
        "many": fields.List(fields.Field(), metadata={"type": "file", "location": "form"}),
        "key": fields.Str(load_default="hunter2", metadata={"format": "password"}),
        "n": fields.Int(load_default=3, metadata={"location": "headers"}),
    }
    described = describe(Arguments(declared), None, None).predict
    assert described is not None
    picture, many, key, n = described.arguments
    assert picture.required and picture.file and not picture.file.many
    assert picture.schema == {"type": "string", "description": "A cat"}
    assert many.file and many.file.many and many.schema["type"] == "array"
    assert key.secret and "default" not in key.schema and "hunter2" not in str(described.arguments)
    assert (n.schema["default"], n.location) == (3, "headers")


class Bush(Schema):
    a = fields.Nested(lambda: Bush())
    b = fields.Nested(lambda: Bush())
    c = fields.Nested(lambda: Bush())
    d = fields.Nested(lambda: Bush())
    e = fields.Nested(lambda: Bush())


def test_a_schema_that_refers_to_itself_in_several_places_stays_small() -> None:
    described = describe(Arguments({"x": fields.Nested(Bush)}), None, Bush)
    assert len(str(described)) < 200_000
    assert described.predict is not None
    checks = jsonschema.Draft202012Validator(described.predict.arguments[0].schema)
    assert checks.is_valid({"a": {"b": {"e": {}}}}) and not checks.is_valid({"a": 1})
