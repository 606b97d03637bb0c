"""The door's part of the host's OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from deepaas.messages import ArgumentSignature, Description
from deepaas.protocols.deepinv.asked import FILE, IMAGE, NAME, TENSOR
from deepaas.protocols.deepinv.data_urls import START
from deepaas.protocols.deepinv.mapping import TensorCall, call_of, expects, kind_of
from deepaas.protocols.deepinv.routes import TIMINGS, path_of
from deepaas.schemas.json_schema import to_openapi

Json = dict[str, Any]

_URL: Json = {"type": "string", "format": "uri", "pattern": f"^{START.decode()}"}
_SCHEMAS: Json = {
    f"{NAME}_Tensor": {
        **_URL,
        "description": "A tensor: the data URL of a file that torch.save has written",
    },
    f"{NAME}_Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {"type": "string"},
            "code": {"type": "string"},
            "id": {"type": "string"},
        },
    },
}
_STATUSES = (400, 401, 403, 404, 413, 422, 500, 501, 503, 504, 507)


def part(below: str, models: Iterable[tuple[str, Description]], *, can_predict: bool) -> Json:
    """``paths`` below a path, and ``components``; only of models that take a tensor."""
    tags, paths = [], {}
    for number, (name, description) in enumerate(models):
        call = call_of(name, description)
        if call is None:
            continue
        tag, path = f"{NAME}: {name}", path_of(below, name)
        tags.append({"name": tag})
        paths[path] = {"get": _get(tag, f"{NAME}_{number}_call")}
        if can_predict:
            paths[path]["post"] = _post(tag, f"{NAME}_{number}", call)
            paths[f"{path}/runsync"] = {"post": _post(tag, f"{NAME}_{number}_runsync", call)}
    return {"tags": tags, "paths": paths, "components": {"schemas": _SCHEMAS if tags else {}}}


def _get(tag: str, operation: str) -> Json:
    told = _operation(tag, operation, "How the model is called with a tensor", {"type": "object"})
    return {**told, "responses": {**told["responses"], **_failures((401, 403, 404, 501, 503))}}


def _post(tag: str, operation: str, call: TensorCall) -> Json:
    file = {
        "allOf": [_reference("Tensor")],
        "description": f"Argument {call.tensor.name!r}: {expects(call.tensor)}",
    }
    metadata: Json = {
        "type": "object",
        "additionalProperties": False,
        "properties": {one.name: _schema(one) for one in call.others},
    }
    if required := [one.name for one in call.others if one.required]:
        metadata["required"] = required
    given: Json = {
        "type": "object",
        "required": ["file", "metadata"] if required else ["file"],
        "properties": {"file": file, "metadata": metadata},
    }
    answer: Json = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": _reference("Tensor"), "metadata": {"type": "object"}},
    }
    told = _operation(tag, operation, "Predict from a tensor", _within("output", answer))
    return {
        **told,
        "parameters": [
            {
                "name": TIMINGS,
                "in": "query",
                "description": "Whether metadata tells how long the call took",
                "schema": {"type": "boolean", "default": False},
            }
        ],
        "requestBody": {"required": True, **_content(_within("input", given))},
        "responses": {**told["responses"], **_failures(_STATUSES)},
    }


def _within(name: str, schema: Json) -> Json:
    return {"type": "object", "required": [name], "properties": {name: schema}}


def _schema(argument: ArgumentSignature) -> Json:
    """As JSON or, for tensors and files, as a data URL."""
    kind = kind_of(argument)
    if kind in (FILE, IMAGE):
        return {"allOf": [_reference("Tensor")], "description": expects(argument)}
    if kind == TENSOR:
        return {"anyOf": [_reference("Tensor"), to_openapi(argument.schema)]}
    return to_openapi(argument.schema)


def _operation(tag: str, operation: str, summary: str, answer: Json) -> Json:
    return {
        "tags": [tag],
        "operationId": operation,
        "summary": summary,
        "responses": {"200": {"description": "OK", **_content(answer)}},
    }


def _failures(statuses: Iterable[int]) -> Json:
    told = _content(_reference("Error"))
    return {str(one): {"description": HTTPStatus(one).phrase, **told} for one in statuses}


def _content(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{NAME}_{name}"}
