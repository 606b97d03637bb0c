"""Reads files of ``torch.save`` with one tensor, without PyTorch.

They are zip files: a pickle that describes the tensor, and its storage, which is not compressed
(https://docs.pytorch.org/docs/stable/notes/serialization.html).
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from deepaas.messages import Tensor
from deepaas.tensors.dtypes import SIZES, BadTensor, elements_count
from deepaas.tensors.torch_pickle import MAX_PICKLE_BYTES, StoredTensor, stored_tensor
from deepaas.tensors.zips import MemoryReader, check_ratio, content_of, opened

if TYPE_CHECKING:
    from deepaas.tensors.arrays import Array

PICKLE = "/data.pkl"


def tensor_in(held: memoryview) -> Tensor:
    """The tensor in a file that is in memory, as a view of it if possible.

    Raises:
        BadTensor: it is no such file, or has anything else in it.
    """
    if bytes(held[:2]) != b"PK":
        raise BadTensor("the file was not written by torch.save")
    file: Any = MemoryReader(held)
    with opened(file, held.nbytes) as archive:
        pickles = [one for one in archive.infolist() if one.filename.endswith(PICKLE)]
        if not pickles:
            raise BadTensor("the file was not written by torch.save")
        return tensor_of(archive, pickles, held)


def tensor_of(
    archive: zipfile.ZipFile, pickles: Sequence[zipfile.ZipInfo], held: memoryview
) -> Tensor:
    """The same for an open archive; ``pickles`` are its members with that name."""
    if len(pickles) > 1:
        raise BadTensor("the torch.save file has several pickles")
    (pickle,) = pickles
    if pickle.file_size > MAX_PICKLE_BYTES:
        raise BadTensor("the torch.save file contains more than a tensor")
    folder = pickle.filename.removesuffix(PICKLE)
    told = stored_tensor(bytes(content_of(archive, pickle, held)))
    storage = content_of(archive, archive.getinfo(f"{folder}/data/{told.key}"), held)
    is_big = _is_big(archive, folder, held)
    # With strides, few stored numbers can represent many, which would all be copied.
    count = elements_count(told.shape)
    check_ratio(count * SIZES[told.dtype], held.nbytes)
    _check_storage(told, count, storage)
    size_bytes = SIZES[told.dtype]
    if not count:
        return Tensor(told.dtype, told.shape, b"")
    if is_big or told.is_conjugated or told.is_negated or not _is_contiguous(told):
        return _arranged(told, storage, is_big=is_big)
    begin = told.offset * size_bytes
    data: Any = storage[begin : begin + count * size_bytes]
    return Tensor(told.dtype, told.shape, data)


def _is_big(archive: zipfile.ZipFile, folder: str, held: memoryview) -> bool:
    try:
        member = archive.getinfo(f"{folder}/byteorder")
    except KeyError:  # Written by an old version.
        return False
    if member.file_size > 100:
        raise BadTensor("the torch.save file cannot be read")
    return bytes(content_of(archive, member, held)) == b"big"


def _check_storage(told: StoredTensor, count: int, storage: memoryview) -> None:
    """BadTensor if the storage has not the size that is told, or the tensor is not within it."""
    size_bytes = SIZES[told.dtype]
    last = told.offset + sum(
        (size - 1) * stride for size, stride in zip(told.shape, told.strides, strict=True)
    )
    needed_bytes = (last + 1) * size_bytes if count else 0
    if storage.nbytes != told.storage_bytes or needed_bytes > storage.nbytes:
        raise BadTensor(
            f"the torch.save file has {storage.nbytes:,} bytes of numbers, but its tensor needs "
            f"{max(told.storage_bytes, needed_bytes):,}"
        )


def _is_contiguous(told: StoredTensor) -> bool:
    expected = 1
    for size, stride in zip(reversed(told.shape), reversed(told.strides), strict=True):
        if size > 1 and stride != expected:
            return False
        expected *= size
    return True


def _arranged(told: StoredTensor, storage: memoryview, *, is_big: bool) -> Tensor:
    """A copy in row-major order; the tensor has elements."""
    try:
        import numpy as np
    except ImportError:
        raise BadTensor(
            "the tensor is a view of another one, which the model cannot read without NumPy: send "
            "tensor.contiguous()"
        ) from None

    is_brain = told.dtype == "bfloat16"
    dtype = np.dtype("uint16" if is_brain else told.dtype).newbyteorder(">" if is_big else "<")
    begin = told.offset * dtype.itemsize
    end = begin + (storage.nbytes - begin) // dtype.itemsize * dtype.itemsize
    view: Array = np.lib.stride_tricks.as_strided(
        np.frombuffer(storage[begin:end], dtype),
        told.shape,
        # Of a single one, the stride is anything.
        [
            stride * dtype.itemsize if size > 1 else 0
            for size, stride in zip(told.shape, told.strides, strict=True)
        ],
        writeable=False,
    )
    array: Any = np.array(view, dtype.newbyteorder("<"), order="C")
    if told.is_conjugated:
        np.conjugate(array, out=array)
    if told.is_negated:
        if is_brain:
            array ^= 0x8000
        else:
            np.negative(array, out=array)
    data: Any = memoryview(array.reshape(-1).view(np.uint8))
    return Tensor(told.dtype, told.shape, data)
