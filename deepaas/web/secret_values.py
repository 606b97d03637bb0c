"""Removes secrets from inputs before they are shown or stored: values with format ``password``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

SECRET = "**********"


def without_secrets(given: Mapping[str, Any], schema: Json) -> Json:
    properties = schema["properties"]
    return {
        name: _without_secrets(value, properties[name])
        for name, value in given.items()
        if name in properties
    }


def _without_secrets(value: Any, schema: Json) -> Any:
    if schema.get("format") == "password":
        return SECRET
    if not has_secrets(schema):
        return value  # However long it is.
    if isinstance(value, list):
        items = schema.get("items", {})
        value = [_without_secrets(item, items) for item in value]
    elif isinstance(value, dict):
        named, others = schema.get("properties", {}), schema.get("additionalProperties")
        others = others if isinstance(others, dict) else {}
        value = {key: _without_secrets(one, named.get(key, others)) for key, one in value.items()}
    for part in schema.get("allOf", []):
        value = _without_secrets(value, part)
    return value


def has_secrets(schema: Json) -> bool:
    inner = [
        *schema.get("properties", {}).values(),
        schema.get("items"),
        schema.get("additionalProperties"),
        *schema.get("allOf", []),
    ]
    return schema.get("format") == "password" or any(
        has_secrets(one) for one in inner if isinstance(one, dict)
    )
