"""Whether a value keeps to its OpenAPI 3.0 schema: for the defaults that authors declare."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

Json = dict[str, Any]

NUMBER = (int, float)
PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": NUMBER,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
}
_FORMATS: dict[str, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "date-time": datetime.fromisoformat,
    "uuid": UUID,
}
_FREE_FORMATS = ("password", "url", "binary")


def is_a(value: object, kind: type | tuple[type, ...]) -> bool:
    """``isinstance``, except that True is no number."""
    if isinstance(value, bool):
        return kind in (bool, object)
    return isinstance(value, kind)


def fits(schema: Json, value: Any) -> bool:
    """Whether a default keeps to its own schema. In doubt not: a default is only a help."""
    if value is None:
        return schema.get("nullable") is True
    if any(key in schema for key in ("allOf", "oneOf", "not", "pattern", "multipleOf")):
        return False
    if "anyOf" in schema and not any(fits(member, value) for member in schema["anyOf"]):
        return False
    if "type" in schema and not is_a(value, PYTHON_TYPES[schema["type"]]):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str):
        return _text_fits(schema, value)
    if isinstance(value, list):
        return _within(schema, "Items", len(value)) and all(
            fits(schema.get("items", {}), item) for item in value
        )
    if isinstance(value, dict):
        return "properties" not in schema and _values_fit(schema, value)
    return isinstance(value, bool) or _number_fits(schema, value)


def _text_fits(schema: Json, value: str) -> bool:
    if not _within(schema, "Length", len(value)):
        return False
    name = schema.get("format")
    if name is None or name in _FREE_FORMATS:
        return True
    try:
        return name in _FORMATS and bool(_FORMATS[name](value))
    except ValueError:
        return False


def _values_fit(schema: Json, value: Json) -> bool:
    additional = schema.get("additionalProperties", {})
    return (
        "required" not in schema
        and _within(schema, "Properties", len(value))
        and isinstance(additional, dict)
        and all(fits(additional, item) for item in value.values())
    )


def _number_fits(schema: Json, value: float) -> bool:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and (value < low or (value == low and schema.get("exclusiveMinimum"))):
        return False
    if high is not None and (value > high or (value == high and schema.get("exclusiveMaximum"))):
        return False
    return schema.get("format") != "int32" or -(2**31) <= value < 2**31


def _within(schema: Json, what: str, count: int) -> bool:
    low, high = schema.get(f"min{what}"), schema.get(f"max{what}")
    return (low is None or count >= low) and (high is None or count <= high)
