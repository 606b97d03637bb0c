"""Our OpenAPI document of a predictor beside what Cog says of it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

OBJECT = {"type": "object"}
"""What Cog says of `Any`; ours says nothing, as it may be anything."""


def unexplained(theirs: Json, ours: Json) -> list[str]:
    """Where the schemas of the inputs and the output differ without a reason."""
    found = []
    for name, schema in theirs.items():
        our_schema = ours.get(name)
        if our_schema is None:
            found.append(f"{name} is missing")
        elif name == "Input":
            found += _inputs(schema, our_schema)
        elif name == "Output":
            if schema.keys() > {"title"} and _plain(schema) != _plain(our_schema):
                found.append(f"Output: theirs {schema}, ours {our_schema}")
        elif schema != our_schema:
            found.append(f"{name}: theirs {schema}, ours {our_schema}")
    return found


def _inputs(theirs: Json, ours: Json) -> list[str]:
    found = []
    if sorted(theirs.get("required", [])) != sorted(ours.get("required", [])):
        found.append(f"required: theirs {theirs.get('required')}, ours {ours.get('required')}")
    if list(theirs["properties"]) != list(ours["properties"]):
        found.append(f"inputs: theirs {theirs['properties']}, ours {ours['properties']}")
    for name, schema in theirs["properties"].items():
        our_schema = ours["properties"].get(name, {})
        if _plain(schema) != _plain(our_schema):
            found.append(f"{name}: theirs {schema}, ours {our_schema}")
    return found


def _plain(schema: Any) -> Any:
    """A schema without what differs: `Any`."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain: dict[str, Any] = {key: _plain(value) for key, value in schema.items()}
    if plain.get("type") == "object" and plain.keys() <= {"type", "title", "x-order", "nullable"}:
        del plain["type"]
    if "type" not in plain:
        plain.pop("nullable", None)
    return plain
