"""The OpenAPI 3 document says what the Swagger 2.0 document says, and is valid whatever it said."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from deepaas.web.openapi import to_openapi3

FAILURE = {"$ref": "#/definitions/Failure"}

# What DEEPaaS 2.6.0 writes for a model with every kind of argument, as it writes it.
RICH_PARAMETERS: list[dict[str, Any]] = [
    {"in": "query", "name": "text", "required": True, "type": "string", "description": "words"},
    {"in": "query", "name": "choice", "required": False, "type": "string", "default": "a",
     "enum": ["a", "b"]},
    {"in": "query", "name": "secret", "required": False, "type": "string", "default": None,
     "x-nullable": True, "format": "password"},
    {"in": "query", "name": "count", "required": False, "type": "integer", "format": "int32",
     "default": 3, "minimum": 1, "maximum": 10},
    {"in": "query", "name": "share", "required": False, "type": "number", "format": "float",
     "default": None, "x-nullable": True},
    {"in": "query", "name": "flag", "required": False, "type": "boolean", "default": False},
    {"in": "query", "name": "options", "required": False, "type": "object", "default": {"a": 1}},
    {"in": "query", "name": "numbers", "required": False, "collectionFormat": "multi",
     "type": "array", "default": [1.0, 2.0], "items": {"type": "number", "format": "float"}},
    {"in": "query", "name": "day", "required": False, "type": "string", "format": "date"},
    {"in": "query", "name": "nested", "required": False, "$ref": "#/definitions/In"},
    {"in": "query", "name": "several", "required": False, "collectionFormat": "multi",
     "type": "array", "items": {"$ref": "#/definitions/In"}},
    {"in": "header", "name": "X-Trace", "required": False, "type": "string"},
    {"in": "cookie", "name": "session", "required": False, "type": "string"},
    {"in": "formData", "name": "note", "required": False, "type": "string"},
    {"in": "formData", "name": "image", "required": True, "type": "file", "description": "digit"},
    {"in": "formData", "name": "audio", "required": False, "type": "file"},
    {"in": "formData", "name": "files", "required": False, "collectionFormat": "multi",
     "type": "array", "items": {"type": "file"}},
    {"in": "body", "name": "body", "required": False, "schema": {
        "type": "object",
        "properties": {
            "inner": {"type": "string"},
            "number": {"type": "integer", "format": "int32", "default": None, "x-nullable": True},
        },
        "required": ["inner"],
    }},
    {"in": "header", "name": "accept", "required": False, "type": "string",
     "default": "application/json",
     "enum": ["application/json", "image/png", "text/plain", "*/*"]},
]  # fmt: skip


def swagger_with(method: str = "post", **operation: Any) -> dict[str, Any]:
    operation.setdefault("responses", {"200": {"description": "fine"}})
    return {
        "swagger": "2.0",
        "info": {"title": "A host", "version": "1"},
        "externalDocs": {"description": "API documentation", "url": "https://example.org/"},
        "paths": {"/v2/models/m/predict/": {method: operation}},
        "definitions": {
            "Failure": {
                "type": "object",
                "properties": {"message": {"type": "string"}},
                "required": ["message"],
            },
            "In": {
                "type": "object",
                "properties": {
                    "a": {"type": "integer", "format": "int32"},
                    "b": {"type": "string", "x-nullable": True, "enum": ["x", "y"]},
                    "again": {"$ref": "#/definitions/In", "x-nullable": True},
                },
                "required": ["a"],
            },
            "Out": {
                "type": "object",
                "properties": {"m": {"type": "object", "additionalProperties": {"type": "file"}}},
            },
        },
    }


def converted(swagger: dict[str, Any]) -> dict[str, Any]:
    """The document, once it is known to be valid and its source to be unchanged."""
    before = copy.deepcopy(swagger)
    document = to_openapi3(swagger)
    assert swagger == before
    OpenAPIV30SpecValidator(document).validate()
    assert "#/definitions/" not in str(document)
    return document


def operation_of(swagger: dict[str, Any], method: str = "post") -> dict[str, Any]:
    operation: dict[str, Any] = converted(swagger)["paths"]["/v2/models/m/predict/"][method]
    return operation


def schema_of(parameter: dict[str, Any]) -> Any:
    """The schema that one query parameter gets."""
    operation = operation_of(swagger_with(parameters=[{"in": "query", "name": "x", **parameter}]))
    return operation["parameters"][0]["schema"]


@pytest.fixture
def rich() -> dict[str, Any]:
    return swagger_with(
        tags=["models"],
        summary="Make a prediction given the input data",
        parameters=RICH_PARAMETERS,
        produces=["application/json", "image/png", "text/plain", "*/*"],
        responses={
            "200": {"description": "", "schema": {"$ref": "#/definitions/Out"}},
            "400": {"description": "", "schema": FAILURE},
            "503": {
                "description": "busy",
                "headers": {"Retry-After": {"type": "integer", "description": "seconds"}},
            },
        },
    )


def test_rich_model_parameters(rich: dict[str, Any]) -> None:
    parameters = {p["name"]: p for p in operation_of(rich)["parameters"]}

    assert list(parameters) == [
        "text", "choice", "secret", "count", "share", "flag", "numbers", "day", "X-Trace",
        "session",
    ]  # fmt: skip
    assert parameters["text"] == {
        "name": "text",
        "in": "query",
        "required": True,
        "description": "words",
        "schema": {"type": "string"},
    }
    assert parameters["choice"]["schema"] == {"type": "string", "enum": ["a", "b"], "default": "a"}
    assert parameters["count"]["schema"] == {
        "type": "integer", "format": "int32", "default": 3, "minimum": 1, "maximum": 10,
    }  # fmt: skip
    assert parameters["secret"]["schema"] == {"type": "string", "format": "password"}
    assert parameters["numbers"]["style"] == "form"
    assert parameters["numbers"]["explode"] is True
    assert parameters["numbers"]["schema"]["default"] == [1.0, 2.0]


def test_rich_model_body(rich: dict[str, Any]) -> None:
    body = operation_of(rich)["requestBody"]

    assert body["required"] is True
    assert list(body["content"]) == ["multipart/form-data", "application/json"]
    form = body["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["image"]
    file = {"type": "string", "format": "binary"}
    assert form["properties"] == {
        "note": {"type": "string"},
        "image": {**file, "description": "digit"},
        "audio": file,
        "files": {"type": "array", "items": file},
    }
    json_body = body["content"]["application/json"]["schema"]
    assert json_body["required"] == ["inner"]
    assert json_body["properties"] == {
        "inner": {"type": "string"},
        "number": {"type": "integer", "format": "int32", "default": None, "nullable": True},
        "options": {"type": "object", "default": {"a": 1}},
        "nested": {"$ref": "#/components/schemas/In"},
        "several": {"type": "array", "items": {"$ref": "#/components/schemas/In"}},
    }


def test_rich_model_responses(rich: dict[str, Any]) -> None:
    responses = operation_of(rich)["responses"]

    assert responses["200"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/Out"}},
        "image/png": {"schema": {"type": "string", "format": "binary"}},
        "text/plain": {"schema": {"type": "string"}},
    }
    assert responses["400"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}
    }
    assert responses["503"] == {
        "description": "busy",
        "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}},
    }


def test_document_around_the_paths(rich: dict[str, Any]) -> None:
    document = converted(rich)

    assert document["openapi"] == "3.0.3"
    assert document["info"] == rich["info"]
    assert document["externalDocs"] == rich["externalDocs"]
    assert "servers" not in document
    schemas = document["components"]["schemas"]
    assert schemas["In"]["properties"]["b"] == {
        "type": "string", "nullable": True, "enum": ["x", "y", None],
    }  # fmt: skip
    assert schemas["In"]["properties"]["again"] == {
        "allOf": [{"$ref": "#/components/schemas/In"}], "nullable": True,
    }  # fmt: skip
    assert schemas["Out"]["properties"]["m"]["additionalProperties"]["format"] == "binary"


def test_base_path_becomes_the_server() -> None:
    assert converted({**swagger_with(), "basePath": "/b"})["servers"] == [{"url": "/b"}]


def test_operation_keeps_what_it_says_of_itself() -> None:
    said: dict[str, Any] = {
        "operationId": "predict",
        "tags": ["models"],
        "summary": "s",
        "description": "d",
        "deprecated": True,
        "x-more": 1,
    }
    operation = operation_of(swagger_with(**said))

    assert {key: operation[key] for key in said} == said


def test_parameters_of_the_path_belong_to_each_operation() -> None:
    swagger = swagger_with("get", parameters=[{"in": "query", "name": "n", "type": "string"}])
    item = swagger["paths"].pop("/v2/models/m/predict/")
    item["parameters"] = [
        {"in": "path", "name": "uuid", "required": True, "type": "string"},
        {"in": "query", "name": "n", "type": "integer"},
    ]
    swagger["paths"]["/v2/models/m/train/{uuid}"] = item

    parameters = converted(swagger)["paths"]["/v2/models/m/train/{uuid}"]["get"]["parameters"]

    assert [(p["name"], p["schema"]["type"]) for p in parameters] == [
        ("n", "string"),
        ("uuid", "string"),
    ]


FORM = [{"in": "formData", "name": "x", "type": "string"}]
UPLOAD = [{"in": "formData", "name": "x", "type": "file"}]
BODY = [{"in": "body", "name": "x", "schema": {"type": "object"}}]


@pytest.mark.parametrize(
    ("parameters", "consumes", "expected"),
    [
        (FORM, None, ["application/x-www-form-urlencoded", "multipart/form-data"]),
        (FORM, ["multipart/form-data"], ["multipart/form-data"]),
        (UPLOAD, None, ["multipart/form-data"]),
        (UPLOAD, ["application/x-www-form-urlencoded"], ["multipart/form-data"]),
        (BODY, None, ["application/json"]),
        (BODY, ["application/vnd.api+json"], ["application/vnd.api+json"]),
    ],
)
def test_media_types_of_the_request(
    parameters: list[Any], consumes: list[str] | None, expected: list[str]
) -> None:
    operation: dict[str, Any] = {"parameters": parameters}
    if consumes:
        operation["consumes"] = consumes

    assert list(operation_of(swagger_with(**operation))["requestBody"]["content"]) == expected


def test_body_by_reference_and_an_object_beside_it() -> None:
    operation = operation_of(
        swagger_with(
            parameters=[
                {"in": "body", "name": "b", "schema": {"$ref": "#/definitions/In"}},
                {"in": "query", "name": "o", "type": "object", "required": True},
            ]
        )
    )

    assert operation["requestBody"]["required"] is True
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {
        "allOf": [
            {"$ref": "#/components/schemas/In"},
            {"type": "object", "properties": {"o": {"type": "object"}}, "required": ["o"]},
        ]
    }


def test_an_object_stays_in_the_query_where_there_is_no_body() -> None:
    parameters = [{"in": "query", "name": "o", "type": "object"}]
    operation = operation_of(swagger_with("get", parameters=parameters), "get")

    assert operation["parameters"][0]["schema"] == {"type": "object"}
    assert "requestBody" not in operation


def test_accept_in_the_query_stays() -> None:
    parameters = [{"in": "query", "name": "accept", "type": "string"}]

    assert operation_of(swagger_with(parameters=parameters))["parameters"][0]["name"] == "accept"


def test_empty_responses_and_empty_answers() -> None:
    assert operation_of(swagger_with(responses={}))["responses"] == {"default": {"description": ""}}
    responses = operation_of(
        swagger_with(
            produces=["text/plain"],
            responses={200: {"description": "log"}, "204": {"description": "off"}},
        )
    )["responses"]
    assert responses == {
        "200": {"description": "log", "content": {"text/plain": {"schema": {"type": "string"}}}},
        "204": {"description": "off"},
    }


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        ({"type": "string", "collectionFormat": "multi", "help": 1}, {"type": "string"}),
        ({"type": "path"}, {}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"type": "string", "enum": []}, {"type": "string"}),
        ({"type": "string", "minimum": "2020-01-01"}, {"type": "string"}),
        ({"type": "integer", "minimum": True}, {"type": "integer"}),
        ({"type": "string", "format": None}, {"type": "string"}),
    ],
)
def test_keywords_that_openapi_does_not_know_are_left_out(odd: Any, expected: Any) -> None:
    assert schema_of(odd) == expected


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "default": "x"},
        {"type": "string", "format": "date", "default": "2020-01-31"},
        {"type": "number", "default": 1},
        {"type": "boolean", "default": True},
        {"default": {"any": "thing"}},
        {"type": "array", "items": {"type": "string"}, "default": ["a"]},
    ],
)
def test_fitting_defaults_stay(schema: Any) -> None:
    assert schema_of(schema)["default"] == schema["default"]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "default": "3"},
        {"type": "integer", "default": True},
        {"type": "integer", "format": "int32", "default": 2**31},
        {"type": "integer", "minimum": 1, "default": 0},
        {"type": "number", "maximum": 1, "exclusiveMaximum": True, "default": 1},
        {"type": "string", "enum": ["a"], "default": "b"},
        {"type": "string", "format": "date", "default": "today"},
        {"type": "string", "format": "ipv4", "default": "x"},
        {"type": "string", "minLength": 2, "default": "x"},
        {"type": "array", "items": {"type": "integer"}, "default": ["x"]},
        {"type": "array", "items": {}, "minItems": 1, "default": []},
        {"type": "string", "default": None},
    ],
)
def test_defaults_that_break_their_own_schema_are_left_out(schema: Any) -> None:
    assert "default" not in schema_of(schema)


def test_members_named_like_keywords_are_members() -> None:
    swagger = swagger_with()
    members = {"type": {"type": "string"}, "x-nullable": {"type": "integer"}, "items": {}}
    swagger["definitions"]["Odd"] = {"type": "object", "properties": members}

    assert converted(swagger)["components"]["schemas"]["Odd"]["properties"] == members
