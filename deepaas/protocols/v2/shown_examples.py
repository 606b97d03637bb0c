"""An author's example in the OpenAPI document, so that the Swagger page has it filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]


def show(operation: Json, example: Mapping[str, Any]) -> None:
    """Put values beside the parameters of an operation; files cannot be filled in."""
    for parameter in operation.get("parameters", []):
        if parameter["name"] in example:
            parameter["example"] = example[parameter["name"]]
    for name, schema in _members(operation.get("requestBody", {})):
        if name in example and not _is_file(schema):
            schema["example"] = example[name]


def _members(body: Json) -> Iterator[tuple[str, Json]]:
    for content in body.get("content", {}).values():
        yield from content["schema"].get("properties", {}).items()


def _is_file(schema: Json) -> bool:
    return "binary" in (schema.get("format"), schema.get("items", {}).get("format"))
