"""The response to an inference request: JSON, followed by the binary tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from deepaas.messages import Tensor
from deepaas.protocols.oip import json_data
from deepaas.protocols.oip.asked import HEADER_LENGTH, Wish
from deepaas.protocols.oip.datatypes import OF_DTYPES
from deepaas.protocols.oip.plain_values import outputs_of, tensor_of

Encoded = tuple[str, Sequence[bytes], dict[str, str]]


def encoded(result: Any, wish: Wish) -> Encoded:
    """Media type, bytes and headers.

    Raises:
        ValueError: there is no such output, or JSON cannot represent it; the message is for the
            client.
        TypeError: the result cannot be converted to a tensor.
    """
    things = outputs_of(result, wish.declared)
    named = dict.fromkeys(things, wish.is_binary) if wish.outputs is None else wish.outputs
    told: list[dict[str, Any]] = []
    pieces: list[bytes] = []
    for name, is_binary in named.items():
        if name not in things:
            raise ValueError(f"there is no output '{name}'; the outputs are: {', '.join(things)}")
        tensor = tensor_of(name, things[name], wish.declared.get(name, ""))
        output: dict[str, Any] = {
            "name": name,
            "datatype": OF_DTYPES[tensor.dtype],
            "shape": tensor.shape,
        }
        if is_binary:
            pieces.append(tensor.data or b"")
            output["parameters"] = {"binary_data_size": memoryview(tensor.data or b"").nbytes}
        else:
            output["data"] = _in_json(name, tensor)
        told.append(output)
    answer: dict[str, Any] = {"model_name": wish.model, "model_version": wish.version}
    if wish.id:
        answer["id"] = wish.id
    head = msgspec.json.encode({**answer, "outputs": told})
    if not any(named.values()):
        return "application/json", [head], {}
    return "application/octet-stream", [head, *pieces], {HEADER_LENGTH: str(len(head))}


def _in_json(name: str, tensor: Tensor) -> list[Any]:
    try:
        return json_data.values_of(tensor)
    except ValueError as error:
        raise ValueError(f"output '{name}' {error}") from None
