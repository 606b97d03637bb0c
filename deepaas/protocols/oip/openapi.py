"""The door's part of the host's OpenAPI document.

Source: the protocol's own open_inference_rest.yaml, and Triton's extension_generate,
extension_model_configuration and extension_statistics.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from deepaas.messages import Description
from deepaas.protocols.oip import examples
from deepaas.protocols.oip.generation import TEXT_INPUT
from deepaas.protocols.oip.metadata import text_argument

Json = dict[str, Any]

TAG = "oip"

_TENSOR: Json = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer"}},
        "datatype": {"type": "string", "example": "FP32"},
        "parameters": {"type": "object"},
        "data": {"description": "Elements in row-major order, flat or nested"},
    },
}
_SCHEMAS: Json = {
    "oip_Tensor": _TENSOR,
    "oip_InferenceRequest": {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "parameters": {"type": "object"},
            "inputs": {"type": "array", "items": {"$ref": "#/components/schemas/oip_Tensor"}},
            "outputs": {"type": "array", "items": {"type": "object"}},
        },
    },
    "oip_InferenceResponse": {
        "type": "object",
        "required": ["model_name", "outputs"],
        "properties": {
            "model_name": {"type": "string"},
            "model_version": {"type": "string"},
            "id": {"type": "string"},
            "parameters": {"type": "object"},
            "outputs": {"type": "array", "items": {"$ref": "#/components/schemas/oip_Tensor"}},
        },
    },
    "oip_Error": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string"}},
    },
}


def part(below: str, models: Iterable[tuple[str, Description]], *, can_predict: bool) -> Json:
    """``paths`` below a path, and ``components``."""
    tags = [{"name": TAG}]
    paths = {
        f"{below}/v2": _get(TAG, "server", "Server metadata"),
        f"{below}/v2/health/live": _get(TAG, "live", "Whether the server is running"),
        f"{below}/v2/health/ready": _get(TAG, "ready", "Whether all models are ready", 503),
        f"{below}/v2/models/stats": _get(TAG, "stats", "Statistics of all models"),
    }
    for number, (name, description) in enumerate(models):
        tag = f"{TAG}: {name}"
        tags.append({"name": tag})
        one = f"{below}/v2/models/{quote(name, safe='')}"
        paths |= {
            one: _get(tag, f"model_{number}", "Model metadata"),
            f"{one}/ready": _get(tag, f"model_{number}_ready", "Whether the model is ready", 503),
            f"{one}/config": _get(tag, f"model_{number}_config", "Model configuration"),
            f"{one}/stats": _get(tag, f"model_{number}_stats", "Statistics of the model"),
        }
        if description.predict is not None and can_predict:
            sent = examples.request_for(description.predict)
            infer = _post(tag, f"model_{number}_infer", "Infer", _reference("InferenceRequest"))
            infer["post"]["requestBody"]["content"]["application/json"]["example"] = sent
            infer["post"]["responses"]["200"] |= _content(_reference("InferenceResponse"))
            paths[f"{one}/infer"] = infer
            if text_argument(description.predict):
                paths[f"{one}/generate"] = _generate(tag, f"model_{number}_generate")
    return {"tags": tags, "paths": paths, "components": {"schemas": _SCHEMAS}}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/oip_{name}"}


def _content(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


def _generate(tag: str, operation: str) -> Json:
    text = {"type": "string"}
    sent = {
        "type": "object",
        "required": [TEXT_INPUT],
        "properties": {TEXT_INPUT: text, "id": text, "parameters": {"type": "object"}},
    }
    return _post(tag, operation, "Generate text", sent)


def _get(tag: str, operation: str, summary: str, *also: int) -> Json:
    return {"get": _operation(tag, operation, summary, also, {"type": "object"})}


def _post(tag: str, operation: str, summary: str, body: Json) -> Json:
    failures = (400, 403, 404, 413, 500, 503, 504, 507)
    told = _operation(tag, operation, summary, failures, _reference("Error"))
    return {"post": told | {"requestBody": {"required": True, **_content(body)}}}


def _operation(
    tag: str, operation: str, summary: str, also: Iterable[int], otherwise: Json
) -> Json:
    """``also`` are statuses other than 200, with bodies of schema ``otherwise``."""
    responses: Json = {"200": {"description": "OK", **_content({"type": "object"})}}
    for status in also:
        responses[str(status)] = {"description": HTTPStatus(status).phrase, **_content(otherwise)}
    return {
        "tags": [tag],
        "operationId": f"oip_{operation}",
        "summary": summary,
        "responses": responses,
    }
