"""Schemas of Swagger 2.0, as apispec and DEEPaaS write it, and of OpenAPI 3.0: one as the other.

What an author wrote into a field's metadata may be anything. Keywords that OpenAPI does not know
or that have a value of the wrong kind, and defaults that break their own schema, are left out, so
that one odd field does not make a document invalid.
"""

from __future__ import annotations

import copy

from deepaas.schemas.values import NUMBER, PYTHON_TYPES, Json, fits, is_a

_KEYWORDS: dict[str, type | tuple[type, ...]] = {
    "type": str,
    "format": str,
    "title": str,
    "description": str,
    "enum": list,
    "default": object,
    "example": object,
    "required": list,
    "multipleOf": NUMBER,
    "minimum": NUMBER,
    "maximum": NUMBER,
    "exclusiveMinimum": bool,
    "exclusiveMaximum": bool,
    "minLength": int,
    "maxLength": int,
    "pattern": str,
    "minItems": int,
    "maxItems": int,
    "uniqueItems": bool,
    "minProperties": int,
    "maxProperties": int,
    "readOnly": bool,
    "writeOnly": bool,
    "deprecated": bool,
    "xml": dict,
    "externalDocs": dict,
}

_LEFT_OUT = ("anyOf", "oneOf", "not", "writeOnly", "deprecated", "title")
"""What Swagger has no word for, and titles, which are for programs."""


def swagger_schema(schema: Json) -> Json:
    """A schema of OpenAPI 3.0 as Swagger 2.0; what cannot be said is left open."""
    told: Json = {}
    for key, value in schema.items():
        if key == "nullable":
            told["x-nullable"] = value
        elif key == "properties":
            told[key] = {name: swagger_schema(one) for name, one in value.items()}
        elif key == "items":
            told[key] = swagger_schema(value)
        elif key == "allOf":
            told[key] = [swagger_schema(one) for one in value]
        elif key not in _LEFT_OUT and not key.startswith("x-"):
            told[key] = value
    return told


def openapi_schema(schema: Json) -> Json:
    """A Swagger 2.0 schema, or the schema keywords of a parameter, as an OpenAPI 3 schema."""
    if schema.get("type") == "file":
        schema = {**schema, "type": "string", "format": "binary"}
    result = _plain_keywords(schema)
    for key in ("items", "not"):
        if isinstance(schema.get(key), dict):
            result[key] = openapi_schema(schema[key])
    if "x-any-of" in schema:
        schema = {**schema, "anyOf": schema["x-any-of"]}
    for key in ("allOf", "anyOf", "oneOf"):
        if isinstance(schema.get(key), list) and schema[key]:
            result[key] = [openapi_schema(part) for part in schema[key]]
    if isinstance(schema.get("properties"), dict):
        result["properties"] = {
            name: openapi_schema(it) for name, it in schema["properties"].items()
        }
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        result["additionalProperties"] = openapi_schema(additional)
    elif isinstance(additional, bool):
        result["additionalProperties"] = additional
    if result.get("type") == "array":
        result.setdefault("items", {})
    if result.get("nullable") and "enum" in result and None not in result["enum"]:
        result["enum"].append(None)
    if "$ref" in schema:
        result = _reference(schema["$ref"], result)
    if "default" in result and not fits(result, result["default"]):
        del result["default"]
    return result


def _plain_keywords(schema: Json) -> Json:
    result: Json = {
        key: copy.deepcopy(schema[key])
        for key, kind in _KEYWORDS.items()
        if key in schema and is_a(schema[key], kind)
    }
    if result.get("type", "string") not in PYTHON_TYPES:
        del result["type"]
    for key in ("enum", "required"):
        if result.get(key) == []:
            del result[key]
    if schema.get("x-nullable") is True or schema.get("nullable") is True:
        result["nullable"] = True
    if schema.get("x-deprecated") is True:
        result["deprecated"] = True
    if isinstance(schema.get("x-tensor"), dict):  # No version has a word for it.
        result["x-tensor"] = schema["x-tensor"]
    return result


def _reference(ref: str, beside: Json) -> Json:
    """A reference; what stands beside it would be ignored, so then it is wrapped."""
    target = {"$ref": ref.replace("#/definitions/", "#/components/schemas/", 1)}
    return {"allOf": [target], **beside} if beside else target
