"""A model's arguments and results in Cog's format: JSON schemas and an OpenAPI 3.0 document.

They are generated from the signature that the worker has sent, for any kind of model.
"""

from __future__ import annotations

from typing import Any

from deepaas.messages import ArgumentSignature, Description, Signature, TensorDetails
from deepaas.protocols.cog import openapi_parts as parts
from deepaas.schemas.json_schema import to_openapi

Json = dict[str, Any]

FILE_FORMAT = "uri"
TENSOR = "x-tensor"


def input_schema(function: Signature) -> Json:
    """The inputs of a model as one object schema, in declaration order."""
    properties: Json = {}
    for argument in function.arguments:
        properties[argument.name] = {**_property(argument), "x-order": len(properties)}
    required = [argument.name for argument in function.arguments if argument.required]
    schema: Json = {"type": "object", "title": "Input", "properties": properties}
    if required:
        schema["required"] = required
    return schema


def file_inputs(function: Signature) -> frozenset[str]:
    return frozenset(argument.name for argument in function.arguments if argument.file)


def output_schema(description: Description) -> Json:
    """The output of the model, as far as it is declared."""
    known = description.predict.result.schema if description.predict is not None else {}
    return {**_titled(to_openapi(known)), "title": "Output"}


def _titled(schema: Json) -> Json:
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
    """The OpenAPI document of one model, with routes relative to its own path."""
    schemas = parts.schemas()
    predict = description.predict or Signature()
    schemas["Input"] = _with_choices(predict, schemas, "")
    if description.train is None:
        for training in ("TrainingRequest", "TrainingResponse", "TrainingOutput"):
            del schemas[training]
    else:
        schemas["TrainingInput"] = _with_choices(description.train, schemas, "Training")
    schemas["Output"] = output_schema(description)
    return {
        "openapi": "3.0.2",
        "info": {"title": name, "version": version},
        "paths": parts.paths(streams=predict.result.streams, trains=description.train is not None),
        "components": {"schemas": schemas},
    }


def _with_choices(function: Signature, schemas: Json, prefix: str) -> Json:
    """The inputs of a function; their choices are added to ``schemas``, with the prefix."""
    inputs = input_schema(function)
    for argument, told in inputs["properties"].items():
        if "enum" in told:
            # Cog's clients expect choices behind a reference.
            name = f"{prefix}{argument}"
            schemas[name] = {
                "title": argument,
                "type": told.pop("type", "string"),
                "description": "An enumeration.",
                "enum": told.pop("enum"),
            }
            told["allOf"] = [{"$ref": f"#/components/schemas/{name}"}]
            del told["title"]  # It would be ignored beside a reference.
    return inputs


def for_checking(schema: Json) -> Json:
    """Convert a schema from OpenAPI 3.0 to JSON Schema, which has no ``nullable``."""
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
        if checked.get(exclusive) is True:  # A boolean in OpenAPI 3.0.
            checked[exclusive] = checked.pop(limit)
        elif exclusive in checked and isinstance(checked[exclusive], bool):
            del checked[exclusive]
    if schema.get("nullable"):
        return {"anyOf": [{"type": "null"}, checked]}
    return checked


def _property(argument: ArgumentSignature) -> Json:
    told = to_openapi(argument.schema)
    if argument.file is not None:
        (told["items"] if argument.file.many else told)["format"] = FILE_FORMAT
        if argument.file.accept:
            told["x-cog-accept"] = argument.file.accept
    for part in (told, told.get("items", {})):
        for limit in ("minimum", "maximum"):
            if isinstance(part.get(limit), float) and part[limit].is_integer():
                part[limit] = int(part[limit])  # Appears in messages, as in Cog.
    if argument.tensor is not None:
        told = _of_tensor(told, argument.tensor)
    if told.get("format") == "password":
        told |= {"writeOnly": True, "x-cog-secret": True}
        if told.get("nullable"):
            told["default"] = None
    if told.get("nullable") and "enum" in told:
        told["enum"] = [choice for choice in told["enum"] if choice is not None]
    if told.get("default", 0) is None and not told.get("nullable"):
        del told["default"]
    return {"title": _title(argument.name), **told}


def _of_tensor(told: Json, tensor: TensorDetails) -> Json:
    """Nested lists, or a file as a data URL."""
    around: Json = {
        key: told.pop(key) for key in ("default", "description", "nullable") if key in told
    }
    lists_or_file = [told, {"type": "string", "format": FILE_FORMAT}]
    details = {"dtype": tensor.dtype, "shape": tensor.shape}
    return {"anyOf": lists_or_file, **around, TENSOR: details}


def _title(name: str) -> str:
    """A title, as Cog's command-line tool makes it."""
    return " ".join(word[:1].upper() + word[1:] for word in name.split("_"))
