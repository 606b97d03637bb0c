"""Converts results of models to named tensors; NumPy is used only if the model uses it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from deepaas.messages import Tensor
from deepaas.protocols.oip.datatypes import DTYPES, OF_DTYPES
from deepaas.tensors.dtypes import BYTES, BadTensor
from deepaas.tensors.from_plain import dtype_of, flattened, packed
from deepaas.tensors.json_hook import as_plain

OUTPUT = "output"


def outputs_of(result: Any, declared: Mapping[str, str]) -> dict[str, Any]:
    """The outputs in a result by name: members of a dict, numbered arrays, or a single output."""
    if isinstance(result, Mapping) and result and all(_is_name(name) for name in result):
        return dict(result)
    if isinstance(result, (list, tuple)) and result and all(map(is_array, result)):
        return {f"{OUTPUT}_{number}": each for number, each in enumerate(result)}
    return {next(iter(declared), OUTPUT) if len(declared) == 1 else OUTPUT: result}


def tensor_of(name: str, thing: Any, datatype: str) -> Tensor:
    """An output as a tensor, of ``datatype`` if declared and possible.

    Raises:
        TypeError: it cannot be converted, which is the model's fault.
    """
    try:
        if is_array(thing):
            return _of_array(thing)
        return _of_plain(thing, DTYPES.get(datatype, ""))
    except (BadTensor, msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"output '{name}' cannot be sent: {error}") from None


def is_array(thing: Any) -> bool:
    kind = type(thing)
    return kind.__module__.partition(".")[0] in ("numpy", "torch") and hasattr(thing, "dtype")


def _of_array(array: Any) -> Tensor:
    from deepaas.tensors.arrays import tensor_of

    tensor = tensor_of(array)
    if tensor.dtype not in OF_DTYPES:
        raise BadTensor(f"the Open Inference Protocol does not support {tensor.dtype}")
    if not hasattr(array, "__setitem__"):
        tensor.shape = [1]  # A NumPy scalar, treated like a Python number.
    return tensor


def _of_plain(thing: Any, dtype: str) -> Tensor:
    if hasattr(thing, "read"):
        thing = thing.read()
    if isinstance(thing, (bytearray, memoryview)):
        thing = bytes(thing)
    if isinstance(thing, (list, tuple)) and any(map(is_array, thing)):
        thing = [each.tolist() if is_array(each) else each for each in thing]
    values, shape = flattened(thing)
    found = dtype_of(values, dtype)
    if found:
        return Tensor(found, shape, packed(values, found))
    if values and all(isinstance(value, Mapping) for value in values):
        return Tensor(BYTES, shape, packed([_json(value) for value in values], BYTES))
    written = _json(thing)
    if written[:1] == b'"':  # For example a date: sent as text.
        written = msgspec.json.decode(written, type=str).encode(errors="surrogatepass")
    return Tensor(BYTES, [1], packed([written], BYTES))


def _json(thing: Any) -> bytes:
    return msgspec.json.encode(thing, enc_hook=_plain)


def _plain(thing: Any) -> Any:
    """The hook of msgspec for unknown types; the content of a file is text in base64."""
    if hasattr(thing, "read"):
        return base64.b64encode(thing.read()).decode()
    return as_plain(thing)


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and bool(name)
