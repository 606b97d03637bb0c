"""Reads files with tensors from untrusted clients: ``.npy``, ``.npz`` and those of ``torch.save``.

The format is detected from the content. Sizes in headers are compared with the size of the file
before anything is allocated; nothing is unpickled except a PyTorch tensor.
"""

from __future__ import annotations

import ast
import io
import pickletools
import re
import struct
import zipfile
import zlib
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from deepaas.tensors.arrays import Array, array_of, shaped, tensor_of
from deepaas.tensors.buffers import writable
from deepaas.tensors.dtypes import SIZES, BadTensor, check_size, elements_count

NPY = b"\x93NUMPY"
ZIP = b"PK\x03\x04"

MAX_HEADER_BYTES = 4096
MAX_DIRECTORY_BYTES = 256 * 1024
"""Limit for the list of members of a zip file, which needs more memory than its size."""
MAX_PICKLE_BYTES = 64 * 1024
"""The pickle of a tensor has some hundred bytes, without its numbers."""

MAX_RATIO = 100
FREE_BYTES = 16 * 1024 * 1024
"""The same limits as for compressed bodies, see ``web.bodies``."""

_DESCRIPTION = re.compile(r"[<>|=]?[?biufc][0-9]{0,2}")
_HARMLESS = re.compile(
    r"torch [A-Z][a-zA-Z0-9]*Storage|torch\.storage UntypedStorage|collections OrderedDict"
    r"|torch\._utils _rebuild_(tensor|tensor_v2|parameter)"
)
_NAMING = {"STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4"}
"""Pickle instructions that refer to code in ways that ``torch.save`` does not use."""


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
    if _directory_bytes(file, size_bytes) > MAX_DIRECTORY_BYTES:
        raise BadTensor("the zip file has too many members")
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_ratio(sum(member.file_size for member in members), size_bytes)
            _check_packing(members)
            pickles = [one for one in members if one.filename.endswith("/data.pkl")]
            if pickles:
                _check_pickle(archive, pickles)
            else:
                array = _of_npz(archive, members, name)
                return Read(array, array.dtype.name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadTensor(f"the zip file cannot be read: {error}") from None
    except (ValueError, LookupError, OSError, struct.error) as error:
        if isinstance(error, BadTensor):
            raise
        raise BadTensor("the zip file cannot be read") from None
    file.seek(0)
    return _of_torch(file, size_bytes)


def _check_packing(members: list[zipfile.ZipInfo]) -> None:
    """BadTensor for compression methods that allocate what a header says, and for encryption."""
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadTensor(
                f"{member.filename} in the zip file has an unsupported compression method"
            )
        if member.flag_bits & 1:
            raise BadTensor(f"{member.filename} in the zip file is encrypted")


def _check_ratio(unpacked_bytes: int, size_bytes: int) -> None:
    if unpacked_bytes > max(FREE_BYTES, MAX_RATIO * size_bytes):
        raise BadTensor(
            f"the file expands to {unpacked_bytes:,} bytes, more than {MAX_RATIO} times its size"
        )


def _directory_bytes(file: BinaryIO, size_bytes: int) -> int:
    """The size of the list of members, from the end of the file or, for large files, a record
    before it (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.14 to 16)."""
    file.seek(max(0, size_bytes - 98))
    tail = file.read(98).rjust(98, b"\0")
    if not (tail[76:].startswith(b"PK\5\6") and tail.endswith(b"\0\0")):
        raise BadTensor("the zip file is incomplete, or followed by other data")
    if tail[56:].startswith(b"PK\6\7"):
        if not tail.startswith(b"PK\6\6"):  # zipfile might use another one.
            raise BadTensor("the zip file has its list of members in an unusual place")
        return int.from_bytes(tail[40:48], "little")
    return int.from_bytes(tail[88:92], "little")


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


def _check_pickle(archive: zipfile.ZipFile, pickles: list[zipfile.ZipInfo]) -> None:
    """BadTensor if it refers to code that a tensor does not need, which PyTorch might call."""
    if len(pickles) > 1:
        raise BadTensor("the torch.save file has several pickles")
    (pickle,) = pickles
    if pickle.file_size > MAX_PICKLE_BYTES:
        raise BadTensor("the torch.save file contains more than a tensor")
    for operation, argument, _ in pickletools.genops(archive.read(pickle)):
        is_harmless = operation.name not in _NAMING
        if operation.name == "GLOBAL":
            is_harmless = bool(_HARMLESS.fullmatch(str(argument)))
        if not is_harmless:
            raise BadTensor(
                "the torch.save file contains code, or more than one tensor: "
                f"{operation.name if argument is None else str(argument)[:100]}"
            )


def _of_torch(file: BinaryIO, size_bytes: int) -> Read:
    try:
        import torch
    except ImportError:
        raise BadTensor(
            "torch.save files cannot be read, because PyTorch is not installed: send .npy"
        ) from None
    try:
        tensor = torch.load(file, map_location="cpu", weights_only=True)
    except Exception:
        raise BadTensor("the torch.save file cannot be read") from None
    if (
        not isinstance(tensor, torch.Tensor)
        or tensor.layout != torch.strided
        or tensor.is_quantized
    ):
        raise BadTensor("the torch.save file is not a tensor")
    if tensor.device.type != "cpu":
        raise BadTensor("the torch.save file has no data")
    # With strides, few stored numbers can represent many, which would all be copied.
    _check_ratio(tensor.numel() * tensor.element_size(), size_bytes)
    told = tensor_of(tensor)
    return Read(array_of(told), told.dtype)
