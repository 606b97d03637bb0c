"""JSON Schema 2020-12, the words of a model's signature; and OpenAPI 3.0, which says less.

What the one says can be said by the other and back, so that documents of older dialects stay as
they are: https://json-schema.org/draft/2020-12, https://spec.openapis.org/oas/v3.0.3.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from deepaas.schemas.swagger import openapi_schema
from deepaas.schemas.values import Json

NULL = {"type": "null"}

MAX_DEPTH = 8
"""So deep are references put in place; a schema that refers to itself says nothing below."""

MAX_REFERENCES_COUNT = 500
"""So many of them; further ones say nothing: with several to itself, a schema would have no end."""

_LIMITS = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))


def from_swagger(schema: Json, definitions: Json) -> Json:
    """A schema, or what a parameter says of its values, as JSON Schema without references."""
    return from_openapi(_resolved(openapi_schema(schema), definitions, 0, itertools.count()))


def from_openapi(schema: Json) -> Json:
    told = _mapped(schema, from_openapi)
    nullable = told.pop("nullable", False)
    for limit, exclusive in _LIMITS:
        if told.get(exclusive) is True and limit in told:
            told[exclusive] = told.pop(limit)
        elif isinstance(told.get(exclusive), bool):
            del told[exclusive]
    if not nullable:
        return told
    if "type" in told:
        told["type"] = [told["type"], "null"]
    elif "anyOf" in told and not _is_wrapped(told["anyOf"]):
        told["anyOf"] = [*told["anyOf"], NULL]
    elif wrapped := next((key for key in _WRAPPED if key in told), ""):
        told["anyOf"] = [{wrapped: told.pop(wrapped)}, NULL]
    else:
        told["type"] = [*_TYPES, "null"]
    return told


def to_openapi(schema: Json) -> Json:
    """A schema of :func:`from_openapi` as OpenAPI 3.0."""
    told = _mapped(schema, to_openapi)
    for limit, exclusive in _LIMITS:
        if exclusive in told:
            told[limit] = told[exclusive]
            told[exclusive] = True
    if isinstance(told.get("type"), list):
        *others, _ = told["type"]
        del told["type"]
        if len(others) == 1:
            told = {"type": others[0], **told}
        told["nullable"] = True
    elif NULL in told.get("anyOf", ()):
        members = [one for one in told["anyOf"] if one != NULL]
        if _is_wrapped(members):
            del told["anyOf"]
            told |= members[0]
        else:
            told["anyOf"] = members
        told["nullable"] = True
    return told


_WRAPPED = ("anyOf", "allOf", "oneOf")


def _is_wrapped(members: list[Json]) -> bool:
    """Whether alternatives are what was put there to stand beside ``null``, or look like it."""
    return len(members) == 1 and len(members[0]) == 1 and not members[0].keys().isdisjoint(_WRAPPED)


_TYPES = ("string", "number", "boolean", "array", "object")


def _mapped(schema: Json, change: Callable[[Json], Json]) -> Json:
    told: Json = {}
    for key, value in schema.items():
        if key == "properties":
            told[key] = {name: change(one) for name, one in value.items()}
        elif key in ("items", "not", "additionalProperties") and isinstance(value, dict):
            told[key] = change(value)
        elif key in ("allOf", "anyOf", "oneOf"):
            told[key] = [change(one) for one in value]
        else:
            told[key] = value
    return told


def _resolved(schema: Any, definitions: Json, depth: int, seen: Iterator[int]) -> Any:
    if isinstance(schema, list):
        return [_resolved(item, definitions, depth, seen) for item in schema]
    if not isinstance(schema, dict):
        return schema
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if not name:
        return {key: _resolved(value, definitions, depth, seen) for key, value in schema.items()}
    if depth > MAX_DEPTH or next(seen) >= MAX_REFERENCES_COUNT:
        return {}
    return _resolved(openapi_schema(definitions.get(name, {})), definitions, depth + 1, seen)
