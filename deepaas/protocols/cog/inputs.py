"""An input as Cog's clients send it, as the inputs that any model of this host takes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from deepaas.messages import INLINE_BYTES, Inputs, LongText, Upload
from deepaas.web.uploads import Scratch

Json = dict[str, Any]

SECRET = "**********"

_IN_QUERY = ("query", "querystring")
_IN_FORM = ("form", "files")


def to_inputs(
    given: Mapping[str, Any],
    files: list[tuple[str, str | Upload | LongText]],
    places: Mapping[str, str],
) -> Inputs:
    """The inputs of a call.

    Args:
        given: values by name, without files.
        files: those of the call, by name.
        places: where the arguments that name a place are looked for.
    """
    query: list[tuple[str, str]] = []
    form = list(files)
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    body: Json = {}
    for name, value in given.items():
        place = places.get(name, "json")
        if place in _IN_QUERY:
            query += [(name, text) for text in _texts(value)]
        elif place in _IN_FORM:
            form += [(name, text) for text in _texts(value)]
        elif place == "headers":
            headers[name.lower()] = ",".join(_texts(value))
        elif place == "cookies":
            cookies[name] = ",".join(_texts(value))
        else:
            body[name] = value
    return Inputs(
        query=urlencode(query) if query else "",
        form=form,
        body=msgspec.json.encode(body) if body else b"",
        body_kind="json" if body else "",
        headers=headers,
        cookies=cookies,
    )


async def stored(inputs: Inputs, scratch: Scratch) -> Inputs:
    """Inputs whose body lies in a file, where it is too long for a message."""
    if len(inputs.body) <= INLINE_BYTES:
        return inputs
    path = scratch.path / "input.json"
    await asyncio.to_thread(path.write_bytes, inputs.body)
    return msgspec.structs.replace(inputs, body=b"", body_path=str(path))


def without_secrets(given: Mapping[str, Any], schema: Json) -> Json:
    """An input as it may be shown and kept.

    Args:
        given: as the client sent it.
        schema: of the inputs.
    """
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
    """Whether anything that fits a schema may be secret."""
    inner = [
        *schema.get("properties", {}).values(),
        schema.get("items"),
        schema.get("additionalProperties"),
        *schema.get("allOf", []),
    ]
    return schema.get("format") == "password" or any(
        has_secrets(one) for one in inner if isinstance(one, dict)
    )


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one if isinstance(one, str) else msgspec.json.encode(one).decode() for one in values]
