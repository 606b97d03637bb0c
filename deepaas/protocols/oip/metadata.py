"""Describes a model's arguments and results as named tensors."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import msgspec

from deepaas.errors import DeepaasError
from deepaas.messages import ArgumentSignature, Description, Result, Signature, TensorDetails
from deepaas.model.handle import HostedModel
from deepaas.protocols.oip.asked import ModelOutline
from deepaas.protocols.oip.datatypes import OF_DTYPES, TRITON
from deepaas.protocols.oip.generation import TEXT_INPUT
from deepaas.protocols.oip.plain_values import OUTPUT

PLATFORM = "deepaas"
FIRST_VERSION = "1"
"""The version of models that declare none; also an alias for the only version of any model."""

_OF_TYPES = {"boolean": "BOOL", "integer": "INT64", "number": "FP64"}

Schema = Mapping[str, Any]
TensorShape = tuple[str, list[int]]


class ModelVersion:
    """The current description of a model, with its version."""

    def __init__(self, name: str, description: Description, version: str) -> None:
        self.description = description
        self.name = name
        self.version = version
        signature = description.predict or Signature()
        self._inputs = {one.name: (one, of_argument(one)) for one in signature.arguments}
        self._outputs = _of_result(signature.result)
        outline = ModelOutline(
            name,
            version,
            {name: told for name, (_, told) in self._inputs.items()},
            {name: datatype for name, (datatype, _) in self._outputs.items()},
            [one.name for one in signature.arguments if one.required],
            text_argument(signature),
        )
        self.outline = msgspec.json.encode(outline).decode()
        self.text = outline.text

    def metadata(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "versions": [self.version],
            "platform": PLATFORM,
            "inputs": [_told(name, told, one) for name, (one, told) in self._inputs.items()],
            "outputs": [_told(name, told) for name, told in self._outputs.items()],
        }

    def config(self) -> dict[str, Any]:
        """The configuration in Triton's format (protobuf/model_config.proto), without batching."""
        inputs = [
            {**_configured(name, told), "optional": not one.required}
            for name, (one, told) in self._inputs.items()
        ]
        streams = self.description.predict is not None and self.description.predict.result.streams
        return {
            "name": self.name,
            "platform": PLATFORM,
            "backend": PLATFORM,
            "max_batch_size": 0,
            "input": inputs,
            "output": [_configured(name, told) for name, told in self._outputs.items()],
            "model_transaction_policy": {"decoupled": streams},
        }


class ModelVersions:
    """The current version of each model of a host."""

    def __init__(self) -> None:
        self._known: dict[str, ModelVersion] = {}

    async def of(self, model: HostedModel) -> ModelVersion:
        """Wait until the model is described. Raises ``ModelUnavailable``."""
        known = self._known.get(model.name)
        if known is not None and known.description is model.description:
            return known
        description = await model.described()
        version = ""
        with contextlib.suppress(DeepaasError):  # It is served nevertheless.
            version = str((await model.metadata()).get("version") or "")
        self._known[model.name] = ModelVersion(model.name, description, version or FIRST_VERSION)
        return self._known[model.name]


def _told(name: str, told: TensorShape, argument: ArgumentSignature | None = None) -> Schema:
    datatype, shape = told
    tensor: dict[str, Any] = {"name": name, "datatype": datatype, "shape": shape}
    if argument is not None and not argument.required:
        tensor["parameters"] = {"optional": True}
    return tensor


def _configured(name: str, told: TensorShape) -> dict[str, Any]:
    datatype, shape = told
    return {"name": name, "data_type": TRITON.get(datatype, f"TYPE_{datatype}"), "dims": shape}


def of_argument(argument: ArgumentSignature) -> TensorShape:
    if argument.tensor is not None:
        return _of_tensor(argument.tensor)
    if argument.file is not None:
        return "BYTES", [-1 if argument.file.many else 1]
    return _of_schema(argument.schema)


def _of_result(result: Result) -> dict[str, TensorShape]:
    tensors = {name or OUTPUT: _of_tensor(tensor) for name, tensor in result.tensors.items()}
    schema = result.schema
    if "object" in _types(schema):
        plain = {name: _of_schema(one) for name, one in schema.get("properties", {}).items()}
        return plain | tensors
    return tensors or ({OUTPUT: _of_schema(schema)} if schema else {})


def _of_tensor(details: TensorDetails) -> TensorShape:
    shape = [-1] if details.shape is None else details.shape
    return OF_DTYPES.get(details.dtype, OF_DTYPES["float32"]), shape


def _of_schema(schema: Schema) -> TensorShape:
    """Plain values are one element, lists have an open size, and everything else is JSON."""
    shape: list[int] = []
    while _types(schema) == {"array"} and isinstance(schema.get("items"), Mapping):
        schema = schema["items"]
        shape.append(-1)
    types = _types(schema)
    datatype = _OF_TYPES.get(types.pop(), "BYTES") if len(types) == 1 else "BYTES"
    return datatype, shape or [1]


def _types(schema: Schema) -> set[str]:
    """The types of its values, without null; empty if not declared."""
    told = schema.get("type", [])
    return {told} if isinstance(told, str) else {*told} - {"null"}


def text_argument(signature: Signature) -> str:
    """The argument for the prompt of ``generate``: ``text_input``, or the first string."""
    texts = [
        one
        for one in signature.arguments
        if one.file is None
        and one.tensor is None
        and not one.secret
        and _types(one.schema) == {"string"}
        and "enum" not in one.schema
    ]
    texts.sort(key=lambda one: (one.name != TEXT_INPUT, not one.required))
    return texts[0].name if texts else ""
