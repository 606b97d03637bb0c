"""Converts tensors to NumPy arrays and back; also from PyTorch, without importing it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from deepaas.messages import Tensor
from deepaas.tensors.buffers import buffer
from deepaas.tensors.byte_elements import elements, framed
from deepaas.tensors.dtypes import BYTES, SIZES, BadTensor, check_size, elements_count

Array = NDArray[Any]


def array_of(tensor: Tensor) -> Array:
    """A writable array; bfloat16 becomes float32, and ``bytes`` become objects.

    Raises:
        BadTensor: its size does not match its shape.
        OSError: its file cannot be read.
    """
    if tensor.dtype == BYTES:
        return _of_bytes(buffer(tensor), tensor.shape)
    if tensor.dtype not in SIZES:
        check_size(tensor.dtype, tensor.shape, 0)
    size_bytes = SIZES[tensor.dtype] * elements_count(tensor.shape)
    held = buffer(tensor, size_bytes)
    check_size(tensor.dtype, tensor.shape, held.nbytes)
    stored = "uint16" if tensor.dtype == "bfloat16" else tensor.dtype
    array: Array = np.frombuffer(held, np.dtype(stored).newbyteorder("<"))
    array = shaped(array, tensor.shape)
    if tensor.dtype == "bfloat16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    if sys.byteorder == "big" or not array.flags.writeable or not array.flags.aligned:
        array = array.astype(stored)
    return array


def shaped(array: Array, shape: Sequence[int], order: Literal["C", "F"] = "C") -> Array:
    """Reshape an array; BadTensor if NumPy does not support the shape, even if it is empty."""
    try:
        return array.reshape(tuple(shape), order=order)
    except (ValueError, OverflowError):
        raise BadTensor(f"the shape {list(shape)} is too large") from None


def tensor_of(array: Any) -> Tensor:
    """A tensor from an array, as a view if possible. BadTensor for unsupported dtypes."""
    if type(array).__module__.partition(".")[0] == "torch":
        return _of_torch(array)
    array = np.asarray(array)
    if array.dtype.kind in "OSUT":
        return Tensor(BYTES, list(array.shape), _framed(array))
    if array.dtype.name not in SIZES:
        raise BadTensor(f"an array of dtype {array.dtype} cannot be sent")
    shape = list(array.shape)  # Before ascontiguousarray, which adds a dimension to scalars.
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    data: Any = memoryview(array.reshape(-1).view(np.uint8))  # Sent as if it were ``bytes``.
    return Tensor(array.dtype.name, shape, data)


def is_array(thing: Any) -> bool:
    """Whether it is an array or scalar of NumPy, or a tensor of PyTorch."""
    return isinstance(thing, (np.ndarray, np.generic)) or (
        type(thing).__module__.partition(".")[0] == "torch" and hasattr(thing, "detach")
    )


def _of_torch(tensor: Any) -> Tensor:
    plain = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    if str(plain.dtype) != "torch.bfloat16":
        return tensor_of(plain.numpy())
    told = tensor_of(plain.view(_torch().int16).numpy())
    told.dtype = "bfloat16"
    return told


def _torch() -> Any:
    return sys.modules["torch"]


def _of_bytes(held: memoryview, shape: list[int]) -> Array:
    count = elements_count(shape)
    check_size(BYTES, shape, held.nbytes)
    array: Array = np.empty(count, object)
    array[:] = list(elements(held, count))
    return shaped(array, shape)


def _framed(array: Array) -> bytes:
    return b"".join(framed(item) for item in array.reshape(-1))
