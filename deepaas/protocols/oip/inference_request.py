"""Parses the body of an inference request: JSON, followed by binary tensors.

https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md;
https://github.com/triton-inference-server/server, docs/protocol/extension_binary_data.md.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from typing import Any

import msgspec

from deepaas.messages import Tensor, Values
from deepaas.protocols.oip import json_data
from deepaas.protocols.oip.asked import HEADER_LENGTH, ModelOutline, Wish
from deepaas.protocols.oip.datatypes import DTYPES
from deepaas.tensors.dtypes import BYTES, SIZES, check_size, elements_count

_UNSUPPORTED = {
    "classification": "classification is not supported: request the output itself",
    "shared_memory_region": "shared memory is not supported: use data or binary data",
}
"""Parameters of tensors that cannot be ignored."""


class _InputTensor(msgspec.Struct):
    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] | None = None
    data: msgspec.Raw = msgspec.Raw()


class _RequestedOutput(msgspec.Struct):
    name: str
    parameters: dict[str, Any] | None = None


class _InferenceRequest(msgspec.Struct):
    inputs: list[_InputTensor]
    outputs: list[_RequestedOutput] | None = None
    id: str | None = None
    parameters: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(_InferenceRequest)


def values_of(body: memoryview, length: str, outline: ModelOutline) -> Values:
    """Tensors by name; binary ones are parts of the body.

    Args:
        length: the header with the length of the JSON, empty if missing.

    Raises:
        ValueError: the request is not valid; the message is for the client.
        msgspec.MsgspecError: its JSON is not valid.
    """
    json_bytes = _json_bytes(length, body.nbytes)
    if length and not json_bytes:
        return _of_raw(body, outline)
    request = _read(body[:json_bytes])
    parameters = request.parameters or {}
    _check_sequence(parameters)
    tensors = _Tensors(body, json_bytes)
    found: dict[str, Tensor] = {}
    for tensor in request.inputs:
        if tensor.name not in outline.inputs:
            raise ValueError(f"model '{outline.name}' has no input '{tensor.name}'")
        if tensor.name in found:
            raise ValueError(f"input '{tensor.name}' is given twice")
        with _told_of("input", tensor.name):
            found[tensor.name] = tensors.take(tensor)
    tensors.check_end()
    for name in outline.required:
        if name not in found:
            raise ValueError(f"model '{outline.name}' requires input '{name}'")
    wanted = Wish(
        outline.name,
        outline.version,
        id=request.id or "",
        outputs=_outputs(request.outputs) if request.outputs else None,
        is_binary=parameters.get("binary_data_output") is True,
        declared=outline.outputs,
    )
    return Values(tensors=list(found.items()), wanted=msgspec.to_builtins(wanted))


def _read(content: memoryview) -> _InferenceRequest:
    try:
        return _decoder.decode(content)
    except msgspec.ValidationError as error:
        raise ValueError(f"the request does not follow the protocol: {error}") from None
    except msgspec.DecodeError as error:
        raise ValueError(f"the request is not valid JSON: {error}") from None


class _Tensors:
    """Reads the tensors of a request, in order."""

    def __init__(self, body: memoryview, begin: int) -> None:
        self._body = body
        self._offset = begin

    def take(self, tensor: _InputTensor) -> Tensor:
        dtype = DTYPES.get(tensor.datatype)
        if dtype is None:
            raise ValueError(f"unknown datatype '{tensor.datatype}'; use {', '.join(DTYPES)}")
        parameters = tensor.parameters or {}
        _check_parameters(parameters)
        count = elements_count(tensor.shape)
        has_data = memoryview(tensor.data).nbytes > 0
        size_bytes = parameters.get("binary_data_size")
        if size_bytes is not None:
            if has_data:
                raise ValueError("it has both data and a binary_data_size")
            data = self._binary(size_bytes)
        elif not has_data:
            raise ValueError("it has no data")
        else:
            data = memoryview(json_data.of_json(tensor.data, dtype))
            if dtype != BYTES and data.nbytes != count * SIZES[dtype]:
                raise ValueError(
                    f"there are {data.nbytes // SIZES[dtype]:,} elements, but shape {tensor.shape} "
                    f"has {count:,}"
                )
        check_size(dtype, tensor.shape, data.nbytes)
        return Tensor(dtype, tensor.shape, data)  # type: ignore[arg-type]

    def _binary(self, size_bytes: Any) -> memoryview:
        left_bytes = self._body.nbytes - self._offset
        if type(size_bytes) is not int or not 0 <= size_bytes <= left_bytes:
            raise ValueError(
                f"its binary_data_size is {str(size_bytes)[:100]}, but {left_bytes:,} bytes are "
                f"left after the JSON (is the header {HEADER_LENGTH} missing?)"
            )
        begin = self._offset
        self._offset += size_bytes
        return self._body[begin : self._offset]

    def check_end(self) -> None:
        left_bytes = self._body.nbytes - self._offset
        if left_bytes:
            raise ValueError(f"there are {left_bytes:,} bytes that belong to no input")


def _of_raw(body: memoryview, outline: ModelOutline) -> Values:
    """The only input of a model is the complete body (Triton's "raw binary request")."""
    names = outline.required or list(outline.inputs)
    if len(names) != 1:
        raise ValueError(
            f"{HEADER_LENGTH} is 0, which requires a model with one input; '{outline.name}' has "
            f"{len(outline.inputs)}"
        )
    (name,) = names
    datatype, shape = outline.inputs[name]
    dtype = DTYPES[datatype]
    with _told_of("input", name):
        if dtype == BYTES:
            if body.nbytes >= 2**32:
                raise ValueError("its element is not smaller than 4 GiB")
            data = struct.pack("<I", body.nbytes) + body
            tensor = Tensor(dtype, [1], data)
        else:
            tensor = Tensor(dtype, _filled(shape, body.nbytes // SIZES[dtype]), body)  # type: ignore[arg-type]
        check_size(dtype, tensor.shape, memoryview(tensor.data or b"").nbytes)
    wanted = Wish(outline.name, outline.version, declared=outline.outputs)
    return Values(tensors=[(name, tensor)], wanted=msgspec.to_builtins(wanted))


def _filled(shape: list[int], count: int) -> list[int]:
    """The shape for this number of elements, if one of its sizes is open."""
    known = elements_count([size for size in shape if size >= 0])
    if shape.count(-1) > 1:
        raise ValueError(f"its shape {shape} cannot be derived from the number of bytes")
    return [size if size >= 0 else count // max(1, known) for size in shape]


def _json_bytes(length: str, body_bytes: int) -> int:
    if not length:
        return body_bytes
    if not (length.isascii() and length.isdigit() and len(length) < 20):
        raise ValueError(f"{HEADER_LENGTH} is {length[:100]!r}: it must be a number of bytes")
    if int(length) > body_bytes:
        raise ValueError(f"{HEADER_LENGTH} is {length}, but the body has {body_bytes:,} bytes")
    return int(length)


def _outputs(requested: list[_RequestedOutput]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for output in requested:
        with _told_of("output", output.name):
            parameters = output.parameters or {}
            _check_parameters(parameters)
        # As in Triton and KServe: if outputs are named, each has its own parameter.
        found[output.name] = parameters.get("binary_data") is True
    return found


def _check_parameters(parameters: dict[str, Any]) -> None:
    for name, said in _UNSUPPORTED.items():
        if name in parameters:
            raise ValueError(said)


def _check_sequence(parameters: dict[str, Any]) -> None:
    if parameters.get("sequence_id"):
        raise ValueError("sequences are not supported: models keep no state between requests")


@contextlib.contextmanager
def _told_of(what: str, name: str) -> Iterator[None]:
    """Prefixes errors with the name of the tensor."""
    try:
        yield
    except (ValueError, msgspec.MsgspecError) as error:
        raise ValueError(f"{what} '{name}': {error}") from None
