"""An example request for inference."""

from __future__ import annotations

import json
from typing import Any

from deepaas.messages import ArgumentSignature, Signature
from deepaas.protocols.oip.metadata import of_argument
from deepaas.web import guesses


def request_for(signature: Signature) -> dict[str, Any]:
    """With the required inputs or, if there are none, with the first input."""
    arguments = signature.arguments
    chosen = [one for one in arguments if one.required] or list(arguments)[:1]
    return {"inputs": [_input(one) for one in chosen]}


def _input(argument: ArgumentSignature) -> dict[str, Any]:
    datatype, shape = of_argument(argument)
    value = guesses.value(argument.schema)
    if argument.tensor is not None:
        shape = [1 if size < 0 else size for size in shape]
        value = _zeros(shape)
    elif shape == [1]:
        value = [value if datatype != "BYTES" or isinstance(value, str) else json.dumps(value)]
    else:
        shape = _shape(value, len(shape))
    return {"name": argument.name, "shape": shape, "datatype": datatype, "data": value}


def _zeros(shape: list[int]) -> Any:
    return 0 if not shape else [_zeros(shape[1:])] * shape[0]


def _shape(value: Any, dimensions_count: int) -> list[int]:
    shape = []
    for _ in range(dimensions_count):
        shape.append(len(value))
        value = value[0] if value else []
    return shape
