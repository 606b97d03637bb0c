"""The worker's part of the API document: parameters and definitions of Swagger 2.0.

They are made here because the marshmallow fields live here; the host only assembles. apispec
with its marshmallow plugin gives what DEEPaaS 2.x gave (its aiohttp-apispec called the same
converter).
"""

from __future__ import annotations

import warnings
from typing import Any

import apispec
import marshmallow
import msgspec
from apispec.ext.marshmallow import MarshmallowPlugin, common
from marshmallow import fields

from deepaas.messages import Description, Function
from deepaas.runtime.arguments import Arguments, is_file, is_password
from deepaas.runtime.quick import is_quick

UNDOCUMENTED_PLACES = {"cookie"}
"""Places that Swagger 2.0 has no word for."""


def describe(
    predict: Arguments | None,
    train: Arguments | None,
    response: type[marshmallow.Schema] | None,
) -> Description:
    """Describe a model.

    Args:
        predict: the arguments of ``predict``, None where the model has no such function.
        train: the same for ``train``.
        response: the schema of the model's JSON answers, if it has one.
    """
    with warnings.catch_warnings():
        # The model may have made errors of warnings; those of our libraries are not its business.
        warnings.simplefilter("ignore")
        return _describe(predict, train, response)


def _describe(
    predict: Arguments | None,
    train: Arguments | None,
    response: type[marshmallow.Schema] | None,
) -> Description:
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = apispec.APISpec("", "", "2.0", plugins=[plugin])
    predict_function = _function(predict, plugin.converter)
    train_function = _function(train, plugin.converter)
    reference = ""
    if response is not None:
        reference = plugin.converter.resolve_nested_schema(response())["$ref"]
    return Description(
        predict=predict_function,
        train=train_function,
        response=reference,
        definitions=_plain(spec.to_dict().get("definitions", {})),
    )


def _function(arguments: Arguments | None, converter: Any) -> Function:
    if arguments is None:
        return Function(implemented=False)
    parameters = converter.schema2parameters(arguments.schema, default_in="query", required=False)
    by_wire_name = {
        field.data_key or name: field for name, field in arguments.schema.fields.items()
    }
    documented = [
        _amend(parameter, by_wire_name.get(parameter["name"]))
        for parameter in parameters
        if parameter["in"] not in UNDOCUMENTED_PLACES
    ]
    return Function(
        implemented=True,
        parameters=_plain(documented),
        produces=arguments.media_types,
        reads_headers="headers" in arguments.locations,
        reads_cookies="cookies" in arguments.locations,
        places={
            field.data_key or name: str(field.metadata["location"])
            for name, field in arguments.schema.fields.items()
            if field.metadata.get("location")
        },
        checked_quickly=is_quick(arguments.schema),
    )


def _amend(parameter: dict[str, Any], field: fields.Field | None) -> dict[str, Any]:
    """Mend what the converter cannot know of an argument.

    Args:
        parameter: as converted.
        field: the argument, None for the body, which gathers all arguments of a JSON body.
    """
    if is_file(field) or (isinstance(field, fields.List) and is_file(field.inner)):
        # Files travel in forms only, whether or not the author said so.
        parameter["in"] = "formData"
    if is_password(field.inner if isinstance(field, fields.List) else field):
        parameter.pop("default", None)
    return parameter


def _schema_name(schema: Any) -> str:
    """Name a definition as DEEPaaS does: the class without a trailing ``Schema``."""
    name: str = common.resolve_schema_cls(schema).__name__
    if common.resolve_schema_instance(schema).partial:
        name = f"Partial-{name}"
    return name.removesuffix("Schema") or name


def _plain(document: Any) -> Any:
    """Whatever authors put into descriptions, as JSON types."""
    return _with_lists(msgspec.to_builtins(document, str_keys=True, enc_hook=str))


def _with_lists(document: Any) -> Any:
    """The same with each ``enum`` as a list: a text by itself is one choice, not its letters."""
    if isinstance(document, (list, tuple)):
        return [_with_lists(item) for item in document]
    if not isinstance(document, dict):
        return document
    told = {key: _with_lists(value) for key, value in document.items()}
    enum = told.get("enum")
    if isinstance(enum, (str, int, float)):  # A property of that name is an object.
        told["enum"] = [enum]
    return told
