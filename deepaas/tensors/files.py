"""Reads files with tensors from untrusted clients: ``.npy``, ``.npz`` and those of ``torch.save``.

The format is detected from the content. Sizes in headers are compared with the size of the file
before anything is allocated, and nothing is unpickled.
"""

from __future__ import annotations

import ast
import io
import re
import struct
import zipfile
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from deepaas.tensors.arrays import Array, array_of, shaped
from deepaas.tensors.buffers import writable
from deepaas.tensors.dtypes import SIZES, BadTensor, check_size, elements_count
from deepaas.tensors.torch_files import PICKLE, tensor_of
from deepaas.tensors.zips import opened

NPY = b"\x93NUMPY"
ZIP = b"PK\x03\x04"

MAX_HEADER_BYTES = 4096
_DESCRIPTION = re.compile(r"[<>|=]?[?biufc][0-9]{0,2}")


class Read(NamedTuple):
    """``dtype`` is that of the file: for bfloat16, the array is float32."""

    array: Array
    dtype: str


def read(path: str, name: str) -> Read:
    """The only tensor in a file, or the one with this name; BadTensor says why it is not valid."""
    with open(path, "rb") as file:
        return _read(file, name)


def read_bytes(content: bytes, name: str) -> Read:
    return _read(io.BytesIO(content), name)


def _read(file: BinaryIO, name: str) -> Read:
    size_bytes = file.seek(0, io.SEEK_END)
    file.seek(0)
    start = file.read(len(NPY))
    file.seek(0)
    if start == NPY:
        array = _npy(file, size_bytes)
        return Read(array, array.dtype.name)
    if start.startswith(ZIP):
        return _of_zip(file, size_bytes, name)
    raise BadTensor("the file is not a tensor: use .npy, .npz or torch.save")


def _npy(file: BinaryIO, size_bytes: int) -> Array:
    """https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"""
    dtype, shape, is_fortran = _header(file)
    name = dtype.name
    if name not in SIZES:
        raise BadTensor(f"the .npy has the unsupported dtype {name}: use one of {', '.join(SIZES)}")
    start = file.tell()
    check_size(name, shape, size_bytes - start)
    array: Array = np.frombuffer(_content(file), dtype, offset=start)
    array = shaped(array, shape, "F" if is_fortran else "C")
    right = dtype.isnative and array.flags.aligned and array.flags.writeable
    return array if right else array.astype(name)


def _content(file: BinaryIO) -> Any:
    if isinstance(file, io.BufferedReader):
        return writable(file.fileno())
    file.seek(0)
    return bytearray(file.read())


def _header(file: BinaryIO) -> tuple[Any, list[int], bool]:
    head = file.read(8)
    length_format = {1: "<H", 2: "<I", 3: "<I"}.get(head[6] if len(head) == 8 else 0)
    if length_format is None:
        raise BadTensor("the .npy has an unknown version")
    length = file.read(struct.calcsize(length_format))
    if len(length) < struct.calcsize(length_format):
        raise BadTensor("the .npy is incomplete")
    (size_bytes,) = struct.unpack(length_format, length)
    if size_bytes > MAX_HEADER_BYTES:
        raise BadTensor(f"the .npy has a header of {size_bytes:,} bytes, which is too large")
    try:
        told = ast.literal_eval(str(file.read(size_bytes), "latin-1").strip())
        described, shape, is_fortran = told["descr"], told["shape"], told["fortran_order"]
    except (ValueError, SyntaxError, TypeError, LookupError, RecursionError, MemoryError):
        raise BadTensor("the .npy has an invalid header") from None
    if not isinstance(described, str) or not _DESCRIPTION.fullmatch(described):
        raise BadTensor("the .npy has a dtype that is not numeric")
    if not isinstance(shape, tuple) or any(
        type(size) is not int or not 0 <= size < 2**63 for size in shape
    ):
        raise BadTensor("the .npy has an invalid shape: sizes must be integers from 0 on")
    elements_count(shape)
    try:
        return np.dtype(described), list(shape), is_fortran is True
    except TypeError:
        raise BadTensor(f"the .npy has the unknown dtype {described!r}") from None


def _of_zip(file: BinaryIO, size_bytes: int, name: str) -> Read:
    with opened(file, size_bytes) as archive:
        members = archive.infolist()
        pickles = [one for one in members if one.filename.endswith(PICKLE)]
        if not pickles:
            array = _of_npz(archive, members, name)
            return Read(array, array.dtype.name)
        tensor = tensor_of(archive, pickles, memoryview(_content(file)))
    return Read(array_of(tensor), tensor.dtype)


def _of_npz(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], name: str) -> Array:
    arrays = [one for one in members if one.filename.endswith(".npy")]
    named = [one for one in arrays if one.filename == f"{name}.npy"]
    chosen = named or arrays
    if len(chosen) != 1:
        raise BadTensor(
            f"the zip file has {len(arrays)} arrays, none named {name!r}: send one, or a .npy"
        )
    # Decompressed up to the declared size, which has been checked.
    with archive.open(chosen[0]) as member:
        content = member.read()
    if len(content) != chosen[0].file_size:
        raise BadTensor(f"{chosen[0].filename} in the zip file is incomplete")
    if not content.startswith(NPY):
        raise BadTensor(f"{chosen[0].filename} in the zip file is not a .npy")
    return _npy(io.BytesIO(content), len(content))
