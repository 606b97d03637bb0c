"""JSON schemas of OpenAPI 3.0 in the words of Swagger 2.0, which knows less."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_LEFT_OUT = ("anyOf", "oneOf", "not", "writeOnly", "deprecated", "title")
"""What it has no word for, and titles, which are for programs."""


def swagger_schema(schema: Json) -> Json:
    """A schema as Swagger 2.0; what cannot be said is left open."""
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
        elif key not in _LEFT_OUT and not key.startswith("x-cog"):
            told[key] = value
    return told
