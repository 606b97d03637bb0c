"""Converts tensors from clients, in any form, to arrays that match the declaration."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import numpy as np

from deepaas.messages import Tensor, TensorDetails
from deepaas.tensors import files
from deepaas.tensors.arrays import array_of, is_array, tensor_of
from deepaas.tensors.declared import check_fits
from deepaas.tensors.dtypes import BYTES, BadTensor
from deepaas.tensors.files import Read
from deepaas.tensors.nested import array_of_nested


def array(value: Any, wanted: TensorDetails, name: str) -> Read:
    """An array and its dtype; for bfloat16, the array is float32. It is writable, and may share
    memory with ``value`` if that is an array.

    ``value`` is a ``messages.Tensor``, an array, nested lists, a file part (an object with a path),
    a data URL of a file, or JSON text; ``name`` is the argument's. BadTensor says what is wrong.
    """
    if isinstance(value, str):
        return _of_text(value, wanted, name)
    path = getattr(value, "path", None)
    if isinstance(value, Tensor):
        read = Read(array_of(value), value.dtype)
    elif isinstance(path, str):
        read = files.read(path, name)
    elif is_array(value):
        told = tensor_of(value)
        read = Read(array_of(told), told.dtype)
    else:
        return _of_nested(value, wanted)
    check_fits(wanted, read.dtype, read.array.shape)
    return read


def torch_tensor(read: Read) -> Any:
    """A PyTorch tensor, with bfloat16 preserved."""
    import torch

    if read.dtype == BYTES:
        raise BadTensor("PyTorch does not support tensors of bytes")
    tensor = torch.from_numpy(np.asarray(read.array))
    return tensor.to(torch.bfloat16) if read.dtype == "bfloat16" else tensor


def _of_nested(value: Any, wanted: TensorDetails) -> Read:
    found = array_of_nested(value, wanted)
    return Read(found, wanted.dtype or (BYTES if found.dtype == object else found.dtype.name))


def _of_text(text: str, wanted: TensorDetails, name: str) -> Read:
    if text.startswith("data:"):
        read = files.read_bytes(_of_url(text), name)
        check_fits(wanted, read.dtype, read.array.shape)
        return read
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if wanted.dtype != BYTES:
            raise BadTensor(
                "the text is not a tensor: use nested lists in JSON, or a data URL of a file"
            ) from None
        value = text
    if isinstance(value, dict) or (isinstance(value, str) and wanted.dtype != BYTES):
        raise BadTensor("the JSON is not a tensor: use nested lists")
    return _of_nested(value, wanted)


def _of_url(url: str) -> bytes:
    """https://www.rfc-editor.org/rfc/rfc2397"""
    head, comma, content = url.partition(",")
    if not comma or not head.endswith(";base64"):
        raise BadTensor("a data URL of a tensor must start with data:application/x-npy;base64,")
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise BadTensor("the data URL is not valid base64") from None
