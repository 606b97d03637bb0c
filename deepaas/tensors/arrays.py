"""Tensors as arrays of NumPy, and back; also from PyTorch's, without importing that."""

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
    """An array that may be written to; bfloat16 as float32, of ``bytes`` one of objects.

    Raises:
        BadTensor: its bytes are not as many as it says.
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
    """An array in a shape; BadTensor if NumPy cannot have it, be there no elements at all."""
    try:
        return array.reshape(tuple(shape), order=order)
    except (ValueError, OverflowError):
        raise BadTensor(f"the shape {list(shape)} is too large") from None


def tensor_of(array: Any) -> Tensor:
    """What an array has; its bytes are a view of it where that can be. BadTensor if it has none."""
    if type(array).__module__.partition(".")[0] == "torch":
        return _of_torch(array)
    array = np.asarray(array)
    if array.dtype.kind in "OSUT":
        return Tensor(BYTES, list(array.shape), _framed(array))
    if array.dtype.name not in SIZES:
        raise BadTensor(f"an array of dtype {array.dtype} cannot be sent")
    shape = list(array.shape)  # Before it is made contiguous, which gives a scalar a dimension.
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    data: Any = memoryview(array.reshape(-1).view(np.uint8))  # Sent as if it were ``bytes``.
    return Tensor(array.dtype.name, shape, data)


def is_array(thing: Any) -> bool:
    """Whether it is one of NumPy's or PyTorch's, or a number of NumPy's."""
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
