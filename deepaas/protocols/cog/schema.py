"""A model's arguments and results in Cog's words: JSON schemas and an OpenAPI 3.0 document.

The source is what the worker has told of the model (Swagger 2.0 parameters, and the schema of a
bare result where somebody knows it), whatever kind of model it is.
"""

from __future__ import annotations

from typing import Any

from deepaas.messages import Description, Function
from deepaas.protocols.cog import openapi_parts as parts
from deepaas.web.openapi import openapi_schema

Json = dict[str, Any]

FILE_FORMAT = "uri"

_SIZES = ("int32", "float")
"""Formats that marshmallow's fields get, and that are not true of Python's numbers."""


def input_schema(function: Function, definitions: Json) -> Json:
    """The inputs of a model as one object schema, in the order of declaration.

    Args:
        function: the model's.
        definitions: what its parameters may refer to.
    """
    properties: Json = {}
    required = []
    for parameter in _flat(function.parameters, definitions):
        name = parameter["name"]
        properties[name] = {**_property(parameter, definitions), "x-order": len(properties)}
        if parameter.get("required"):
            required.append(name)
    schema: Json = {"type": "object", "title": "Input", "properties": properties}
    if required:
        schema["required"] = required
    return schema


def file_inputs(function: Function, definitions: Json) -> frozenset[str]:
    """The names of the inputs that are files, single or several."""
    flat = _flat(function.parameters, definitions)
    return frozenset(parameter["name"] for parameter in flat if _is_file(parameter))


def output_schema(description: Description) -> Json:
    """What the model answers, as far as it is known."""
    title = {"title": "Output"}
    if description.output:
        return {**_titled(description.output), **title}
    if description.response:
        name = description.response.rpartition("/")[2]
        definitions = description.definitions
        return {**_titled(_resolved(definitions.get(name, {}), definitions)), **title}
    return title


def _titled(schema: Json) -> Json:
    """A schema whose named fields have titles."""
    told = dict(schema)
    if "properties" in told:
        told["properties"] = {
            name: {**_titled(field), "title": _title(name)}
            for name, field in told["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if isinstance(told.get(key), dict):
            told[key] = _titled(told[key])
    if "anyOf" in told:
        told["anyOf"] = [_titled(member) for member in told["anyOf"]]
    return told


def document(name: str, description: Description, version: str) -> Json:
    """The OpenAPI document of one model, with routes as they stand below its own address.

    Args:
        name: of the model.
        description: of the model.
        version: of this host.
    """
    schemas = parts.schemas()
    schemas["Input"] = _with_choices(description.predict, description.definitions, schemas, "")
    if not description.train.implemented:
        for training in ("TrainingRequest", "TrainingResponse", "TrainingOutput"):
            del schemas[training]
    else:
        schemas["TrainingInput"] = _with_choices(
            description.train, description.definitions, schemas, "Training"
        )
    schemas["Output"] = output_schema(description)
    streams = description.predict.streams
    return {
        "openapi": "3.0.2",
        "info": {"title": name, "version": version},
        "paths": parts.paths(streams=streams, trains=description.train.implemented),
        "components": {"schemas": schemas},
    }


def _with_choices(function: Function, definitions: Json, schemas: Json, prefix: str) -> Json:
    """The inputs of a function, their choices among the other schemas under names of their own.

    Args:
        function: the model's.
        definitions: what its parameters may refer to.
        schemas: those of the document.
        prefix: what the names of choices begin with.
    """
    inputs = input_schema(function, definitions)
    for argument, told in inputs["properties"].items():
        if "enum" in told:
            # Cog's clients look for choices behind a reference.
            name = f"{prefix}{argument}"
            schemas[name] = {
                "title": argument,
                "type": told.pop("type", "string"),
                "description": "An enumeration.",
                "enum": told.pop("enum"),
            }
            told["allOf"] = [{"$ref": f"#/components/schemas/{name}"}]
            del told["title"]  # Beside a reference it would say nothing.
    return inputs


def for_checking(schema: Json) -> Json:
    """A schema as JSON Schema's own dialects have it: ``nullable`` is OpenAPI's alone."""
    checked: Json = {}
    for key, value in schema.items():
        if key == "properties":
            checked[key] = {name: for_checking(told) for name, told in value.items()}
        elif key == "items":
            checked[key] = for_checking(value)
        elif key in ("anyOf", "allOf", "oneOf"):
            checked[key] = [for_checking(told) for told in value]
        elif key not in ("default", "example", "description", "title", "deprecated", "nullable"):
            checked[key] = value
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if checked.get(exclusive) is True:  # OpenAPI 3.0 says it by a boolean.
            checked[exclusive] = checked.pop(limit)
        elif exclusive in checked and isinstance(checked[exclusive], bool):
            del checked[exclusive]
    if schema.get("nullable"):
        return {"anyOf": [{"type": "null"}, checked]}
    return checked


def _flat(parameters: list[Json], definitions: Json) -> list[Json]:
    """The parameters one by one, those of a JSON body as well; no header stands in for another."""
    flat = []
    for parameter in parameters:
        schema = parameter.get("schema")
        if parameter.get("in") != "body" or schema is None:
            flat.append(parameter)
            continue
        body = _referred(schema, definitions)
        required = body.get("required", [])
        flat += [
            {"name": name, "in": "body", **told, "required": name in required}
            for name, told in body.get("properties", {}).items()
        ]
    return flat


def _referred(schema: Json, definitions: Json) -> Json:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Json = definitions.get(name, {}) if name else schema
    return found


def _is_file(parameter: Json) -> bool:
    items = parameter.get("items", {})
    return parameter.get("type") == "file" or items.get("type") == "file"


def _property(parameter: Json, definitions: Json) -> Json:
    if _is_file(parameter):
        uri = {"type": "string", "format": FILE_FORMAT}
        several = "items" in parameter
        told: Json = {"type": "array", "items": uri} if several else uri
        if "description" in parameter:
            told["description"] = parameter["description"]
        if parameter.get("x-nullable"):
            told["nullable"] = True
        if "default" in parameter:
            told["default"] = parameter["default"]
        if "x-cog-accept" in parameter:
            told["x-cog-accept"] = parameter["x-cog-accept"]
    else:
        told = _resolved(parameter, definitions)
        told.pop("required", None)
        if "pattern" in told and "default" in parameter:
            told["default"] = parameter["default"]  # Left out above, where authors may be wrong.
        for part in (told, told.get("items", {})):
            if part.get("format") in _SIZES:
                del part["format"]
            for limit in ("minimum", "maximum"):
                if isinstance(part.get(limit), float) and part[limit].is_integer():
                    part[limit] = int(part[limit])  # It stands in messages, as Cog writes it.
        if told.get("format") == "password":
            told |= {"writeOnly": True, "x-cog-secret": True}
            if told.get("nullable"):
                told["default"] = None
        if told.get("nullable") and "enum" in told:
            told["enum"] = [choice for choice in told["enum"] if choice is not None]
    if told.get("default", 0) is None and not told.get("nullable"):
        del told["default"]
    return {"title": _title(parameter["name"]), **told}


def _title(name: str) -> str:
    """A name for people, as Cog's command-line tool makes it."""
    return " ".join(word[:1].upper() + word[1:] for word in name.split("_"))


def _resolved(schema: Json, definitions: Json) -> Json:
    """A schema of Swagger 2.0 as OpenAPI 3.0, what it refers to put in place."""
    told = openapi_schema(schema)

    def resolve(part: Any, depth: int) -> Any:
        if isinstance(part, list):
            return [resolve(item, depth) for item in part]
        if not isinstance(part, dict):
            return part
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name:
            if depth > parts.MAX_DEPTH:
                return {}
            return resolve(openapi_schema(definitions.get(name, {})), depth + 1)
        return {key: resolve(value, depth) for key, value in part.items()}

    resolved: Json = resolve(told, 0)
    return resolved
