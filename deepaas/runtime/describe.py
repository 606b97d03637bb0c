"""Describes a model for the host: its signatures, and for V2 its arguments as Swagger 2.0.

Generated in the worker, because the marshmallow fields are here. DEEPaaS 2.x used the same
converter of apispec, through aiohttp-apispec.
"""

from __future__ import annotations

import warnings
from typing import Any

import marshmallow
import msgspec
from marshmallow import fields, missing, validate

from deepaas.messages import (
    ArgumentSignature,
    Description,
    FileDetails,
    Result,
    Signature,
)
from deepaas.model.v2.fields import Tensor
from deepaas.runtime.arguments import Arguments, is_file_argument, is_password
from deepaas.runtime.old_libraries import MarshmallowPlugin, apispec, common
from deepaas.runtime.quick import is_quick
from deepaas.runtime.results import tensors_of
from deepaas.schemas.json_schema import from_swagger
from deepaas.schemas.swagger import swagger_schema
from deepaas.tensors.declared import schema as tensor_schema

UNDOCUMENTED_PLACES = {"cookie"}
"""Places that Swagger 2.0 does not have."""


def describe(
    predict: Arguments | None,
    train: Arguments | None,
    response: type[marshmallow.Schema] | None,
) -> Description:
    with warnings.catch_warnings():
        # The model may have turned warnings into errors, which must not affect our libraries.
        warnings.simplefilter("ignore")
        return _describe(predict, train, response)


def _describe(
    predict: Arguments | None,
    train: Arguments | None,
    response: type[marshmallow.Schema] | None,
) -> Description:
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = apispec.APISpec("", "", "2.0", plugins=[plugin])
    plugin.converter.add_attribute_function(_of_tensor)
    parameters = [_parameters(arguments, plugin.converter) for arguments in (predict, train)]
    reference = ""
    if response is not None:
        reference = plugin.converter.resolve_nested_schema(response())["$ref"]
    definitions = _plain(spec.to_dict().get("definitions", {}))
    of_predict, of_train = (
        None if arguments is None else _signature(arguments, told, definitions, plugin.converter)
        for arguments, told in zip((predict, train), parameters, strict=True)
    )
    described = Description(of_predict, of_train, response=reference, definitions=definitions)
    if described.predict is not None and response is not None:
        described.predict.result.schema = from_swagger({"$ref": reference}, definitions)
        described.predict.result.tensors = tensors_of(response())
    return described


def _parameters(arguments: Arguments | None, converter: Any) -> list[dict[str, Any]]:
    if arguments is None:
        return []
    parameters = converter.schema2parameters(arguments.schema, default_in="query", required=False)
    by_wire_name = {
        field.data_key or name: field for name, field in arguments.schema.fields.items()
    }
    documented = [
        _amend(parameter, by_wire_name.get(parameter["name"]))
        for parameter in parameters
        if parameter["in"] not in UNDOCUMENTED_PLACES
    ]
    plain: list[dict[str, Any]] = _plain(documented)
    return plain


def _signature(
    arguments: Arguments,
    parameters: list[dict[str, Any]],
    definitions: dict[str, Any],
    converter: Any,
) -> Signature:
    return Signature(
        [
            _argument(field.data_key or name, field, definitions, converter)
            for name, field in arguments.schema.fields.items()
        ],
        Result(media_types=arguments.media_types),
        is_quick(arguments.schema),
        parameters,
        reads_headers="headers" in arguments.locations,
        reads_cookies="cookies" in arguments.locations,
    )


def _argument(
    name: str, field: fields.Field, definitions: dict[str, Any], converter: Any
) -> ArgumentSignature:
    told = _plain(converter.field2property(field))
    several = isinstance(field, fields.List)
    told_file = is_file_argument(field)
    secret = is_password(field.inner if isinstance(field, fields.List) else field)
    if told_file:
        text = {"type": "string"}
        kept = {key: told[key] for key in ("description", "default", "x-nullable") if key in told}
        accept = told.get("x-accept", "")
        told = {**({"type": "array", "items": text} if several else text), **kept}
    if secret:
        told.pop("default", None)
    schema = _exact(_without_sizes(from_swagger(told, definitions)), field)
    if "default" in told and ("pattern" in schema or told_file):
        schema["default"] = told["default"]
    return ArgumentSignature(
        name,
        schema,
        required=field.required,
        secret=secret,
        file=FileDetails(several, accept) if told_file else None,
        location=str(field.metadata.get("location") or ""),
        tensor=field.wanted if isinstance(field, Tensor) else None,
    )


def _of_tensor(_converter: Any, field: fields.Field, **_options: Any) -> dict[str, Any]:
    """Swagger 2.0 attributes of a tensor, for the converter."""
    if not isinstance(field, Tensor):
        return {}
    told = swagger_schema(tensor_schema(field.wanted))
    default = field.load_default
    if default is not missing and default is not None and not callable(default):
        told["default"] = field.serialized(default)
    return told


_SIZES = ("int32", "float")
"""Formats that the converter adds, but that do not limit Python's numbers."""


def _exact(schema: dict[str, Any], field: fields.Field) -> dict[str, Any]:
    """Add exclusive limits, which the converter does not support."""
    for validator in field.validators:
        if isinstance(validator, validate.Range):
            if not validator.min_inclusive and schema.get("minimum") == validator.min:
                schema["exclusiveMinimum"] = schema.pop("minimum")
            if not validator.max_inclusive and schema.get("maximum") == validator.max:
                schema["exclusiveMaximum"] = schema.pop("maximum")
    if isinstance(field, fields.List) and "items" in schema:
        _exact(schema["items"], field.inner)
    return schema


def _without_sizes(schema: dict[str, Any]) -> dict[str, Any]:
    for part in (schema, schema.get("items", {})):
        if part.get("format") in _SIZES:
            del part["format"]
    return schema


def _amend(parameter: dict[str, Any], field: fields.Field | None) -> dict[str, Any]:
    if isinstance(field, Tensor):
        kept = ("name", "description", "required", "x-nullable")
        parameter = {key: parameter[key] for key in kept if key in parameter}
        details = {"dtype": field.wanted.dtype, "shape": field.wanted.shape}
        return {**parameter, "in": "formData", "type": "file", "x-tensor": details}
    if is_file_argument(field):
        # Files can only be in forms, whatever the author declared.
        parameter["in"] = "formData"
    if is_password(field.inner if isinstance(field, fields.List) else field):
        parameter.pop("default", None)
    return parameter


def _schema_name(schema: Any) -> str:
    """The name of a definition as in DEEPaaS 2.x: the class name without a trailing ``Schema``."""
    name: str = common.resolve_schema_cls(schema).__name__
    if common.resolve_schema_instance(schema).partial:
        name = f"Partial-{name}"
    return name.removesuffix("Schema") or name


def _plain(document: Any) -> Any:
    """Converts anything that authors put into descriptions to JSON types."""
    return _with_lists(msgspec.to_builtins(document, str_keys=True, enc_hook=str))


def _with_lists(document: Any) -> Any:
    """Make each ``enum`` a list: a single string is one choice, not a list of letters."""
    if isinstance(document, (list, tuple)):
        return [_with_lists(item) for item in document]
    if not isinstance(document, dict):
        return document
    told = {key: _with_lists(value) for key, value in document.items()}
    enum = told.get("enum")
    if isinstance(enum, (str, int, float)):  # A property of that name is an object.
        told["enum"] = [enum]
    return told
