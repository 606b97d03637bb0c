"""Converts the result of a model to the answer: one tensor, and the other outputs as metadata."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from deepaas.messages import Tensor
from deepaas.protocols.deepinv.asked import AnswerWish
from deepaas.protocols.deepinv.data_urls import url_of
from deepaas.tensors.dtypes import BYTES, BadTensor
from deepaas.tensors.from_plain import tensor_of_plain
from deepaas.tensors.json_hook import as_plain

OUTPUT = "output"

_PLAIN = (str, bool, int, float, type(None))


def encoded(result: Any, wish: AnswerWish) -> tuple[str, list[bytes], dict[str, str]]:
    """Media type, pieces and headers.

    Raises:
        ValueError: there is no tensor in the result; the message is for the client.
        TypeError: an output cannot be sent, which is the model's fault.
    """
    ended_ns = time.perf_counter_ns()
    if wish.streams:
        if not result:
            raise ValueError("the model has yielded nothing, and so there is no tensor to return")
        result = result[-1]
    outputs = _outputs(result)
    name, tensor = _chosen(outputs)
    metadata = {other: _metadata(other, it) for other, it in outputs.items() if other != name}
    if wish.began_ns:
        metadata.setdefault("queue_seconds", round(wish.waited_seconds, 6))
        metadata.setdefault("predict_seconds", round((ended_ns - wish.began_ns) / 1e9, 6))
    try:
        url = [*url_of(tensor)]
    except BadTensor as error:
        raise TypeError(f"output '{name}' cannot be sent: {error}") from None
    # NaN and infinities as its client reads and writes them. The client accepts gzip, but to
    # compress base64 takes longer than most networks need for it.
    told = f',"metadata":{json.dumps(metadata)}' if metadata else ""
    pieces = [b'{"output":{"file":"', *url, f'"{told}}}}}'.encode()]
    return "application/json", pieces, {"Cache-Control": "no-transform"}


def _outputs(result: Any) -> dict[str, Any]:
    """The outputs by name: members of a dict, also of one after a tensor, numbered, or one."""
    if isinstance(result, Mapping) and result and all(isinstance(name, str) for name in result):
        return dict(result)
    if isinstance(result, (list, tuple)) and result and _is_array(result[0]):
        found = {OUTPUT: result[0]}
        for number, other in enumerate(result[1:], 1):
            found |= _outputs(other) if isinstance(other, Mapping) else {f"output_{number}": other}
        return found
    return {OUTPUT: result}


def _chosen(outputs: dict[str, Any]) -> tuple[str, Tensor]:
    """The first output that is an array, or a file of one; else the first of numbers."""
    for convert in (_of_array, _of_numbers):
        for name, output in outputs.items():
            try:
                tensor = convert(output)
            except (BadTensor, ValueError) as error:
                raise TypeError(f"output '{name}' cannot be sent: {error}") from None
            if tensor is not None:
                return name, tensor
    raise ValueError(
        "the model returned no tensor and no numbers, which this protocol needs; it returned: "
        f"{', '.join(outputs)}"[:500]
    )


def _is_array(thing: Any) -> bool:
    kind = type(thing)
    return kind.__module__.partition(".")[0] in ("numpy", "torch") and hasattr(thing, "dtype")


def _of_array(thing: Any) -> Tensor | None:
    if hasattr(thing, "read"):
        thing = thing.read()
    if isinstance(thing, (bytes, bytearray, memoryview)):
        return _of_file(bytes(thing))
    if not _is_array(thing):
        return None
    from deepaas.tensors.arrays import tensor_of

    tensor = tensor_of(thing)
    return None if tensor.dtype == BYTES else tensor


def _of_file(content: bytes) -> Tensor | None:
    """The tensor in a file of one, or in a picture; needs NumPy, which who makes such files has."""
    try:
        from deepaas.tensors.arrays import tensor_of
        from deepaas.tensors.files import NPY, ZIP, read_bytes
        from deepaas.tensors.pictures import tensor_of_picture
    except ImportError:
        return None
    if content.startswith((NPY, ZIP)):
        return tensor_of(read_bytes(content, OUTPUT).array)
    return tensor_of_picture(content)


def _of_numbers(thing: Any) -> Tensor | None:
    tensor = tensor_of_plain(thing)
    if tensor is None or tensor.dtype == BYTES:
        return None
    if not isinstance(thing, (list, tuple)):
        tensor.shape = []
    return tensor


def _metadata(name: str, thing: Any) -> Any:
    """A value that the client accepts: plain, a flat list of these, or a data URL of a tensor.

    Raises ``TypeError`` if it cannot be one.
    """
    if type(thing) in _PLAIN:
        return thing
    if isinstance(thing, (list, tuple)) and all(type(each) in _PLAIN for each in thing):
        return list(thing)
    try:
        if _is_array(thing):
            return _of_any_array(thing)
        tensor = _of_numbers(thing)
        if tensor is not None:
            return _url(tensor)
        written = msgspec.json.encode(thing, enc_hook=as_plain)
    except (BadTensor, ValueError, TypeError, RecursionError) as error:
        raise TypeError(f"output '{name}' cannot be sent: {error}") from None
    text = written.decode()
    return msgspec.json.decode(text) if text.startswith('"') else text  # For example a date.


def _of_any_array(array: Any) -> Any:
    from deepaas.tensors.arrays import tensor_of

    single = array.item() if not array.shape else None
    if type(single) in _PLAIN and single is not None:
        return single
    return _url(tensor_of(array))


def _url(tensor: Tensor) -> str:
    return b"".join(url_of(tensor)).decode()
