"""Plausible values, guessed from schemas, for example calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_VALUES_BY_FORMAT = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "someone@example.org",
    "uri": "https://example.org/",
    "url": "https://example.org/",
}
_VALUES_BY_TYPE: dict[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "object": {}}

Schema = Mapping[str, Any]


def value(schema: Schema) -> Any:
    if schema.get("default") is not None:
        return schema["default"]
    for choice in schema.get("enum") or ():
        return choice
    if schema.get("type") == "array":
        return [value(schema.get("items") or {})]
    if "minimum" in schema:
        return schema["minimum"]
    if "$ref" in schema or "allOf" in schema:
        return {}
    return _VALUES_BY_FORMAT.get(
        schema.get("format", ""), _VALUES_BY_TYPE.get(schema.get("type", ""), "text")
    )


def required(schema: Schema, also: Iterable[str] = ()) -> dict[str, Any]:
    members = schema.get("properties", {})
    names = [*schema.get("required", []), *also]
    return {name: value(members[name]) for name in names if name in members}
