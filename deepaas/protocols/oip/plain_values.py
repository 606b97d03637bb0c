"""Converts results of models to named tensors; NumPy is used only if the model uses it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from deepaas.messages import Tensor
from deepaas.protocols.oip.datatypes import DTYPES, OF_DTYPES
from deepaas.protocols.oip.json_data import packed
from deepaas.tensors.dtypes import BYTES, MAX_DIMENSIONS_COUNT, BadTensor

OUTPUT = "output"

MAX_SIGNED = 2**63


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
    if isinstance(thing, (list, tuple)):
        if any(map(is_array, thing)):
            thing = [each.tolist() if is_array(each) else each for each in thing]
        shape = _shape(thing)
        values = list(_flat(thing)) if len(shape) > 1 else thing
    else:
        shape, values = [1], [thing]
    found = _dtype(values, dtype)
    if found:
        return Tensor(found, shape, packed(values, found))
    if values and all(isinstance(value, Mapping) for value in values):
        return Tensor(BYTES, shape, packed([_json(value) for value in values], BYTES))
    written = _json(thing)
    if written[:1] == b'"':  # For example a date: sent as text.
        written = msgspec.json.decode(written, type=str).encode(errors="surrogatepass")
    return Tensor(BYTES, [1], packed([written], BYTES))


def _dtype(values: Sequence[Any], dtype: str) -> str:
    """The dtype for plain values; empty if they can only be JSON."""
    kinds = set(map(type, values))
    if not kinds:
        return dtype or "float64"
    if kinds <= {str, bytes}:
        return BYTES
    if kinds == {bool}:
        return "bool"
    if not kinds <= {int, float}:
        return BYTES if all(isinstance(value, (str, bytes)) for value in values) else ""
    if float in kinds or dtype in ("float32", "float64"):
        return dtype if dtype.startswith("float") else "float64"
    return "int64" if max(values) < MAX_SIGNED else "uint64"


def _shape(values: Sequence[Any]) -> list[int]:
    """The shape of nested lists; if the inner lists have different lengths, they become JSON."""
    shape: list[int] = []
    level: Any = values
    while isinstance(level, (list, tuple)) and len(shape) < MAX_DIMENSIONS_COUNT:
        shape.append(len(level))
        level = level[0] if level else None
    return shape if _is_regular(values, shape) else shape[:1]


def _is_regular(values: Any, shape: Sequence[int]) -> bool:
    if not shape:
        return not isinstance(values, (list, tuple))
    return (
        isinstance(values, (list, tuple))
        and len(values) == shape[0]
        and (len(shape) == 1 or all(_is_regular(each, shape[1:]) for each in values))
    )


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(value)
        else:
            yield value


def _json(thing: Any) -> bytes:
    return msgspec.json.encode(thing, enc_hook=_plain)


def _plain(thing: Any) -> Any:
    """The hook of msgspec for unknown types."""
    kinds: tuple[type[Any], ...] = (str, float, int)
    for kind in kinds:
        if isinstance(thing, kind):
            return kind(thing)
    if isinstance(thing, Mapping):
        return dict(thing)
    if hasattr(thing, "tolist"):
        return thing.tolist()
    if hasattr(thing, "read"):
        return base64.b64encode(thing.read()).decode()
    raise TypeError(f"objects of type {type(thing).__name__} are not JSON")


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and bool(name)
