"""Files of tensors: ``.npy``, ``.npz`` and those of ``torch.save``, from whoever has sent them.

Told by what is in them. What a file says of itself is compared with the bytes that are there before
anything is made of it; nothing is unpickled but a tensor of PyTorch's.
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
"""So long may the list of members of a zip be: each takes more memory than it has bytes."""
MAX_PICKLE_BYTES = 64 * 1024
"""One of a tensor has some hundred bytes; its numbers are not in it."""

MAX_RATIO = 100
FREE_BYTES = 16 * 1024 * 1024
"""As for bodies that are packed, see ``web.bodies``."""

_DESCRIPTION = re.compile(r"[<>|=]?[?biufc][0-9]{0,2}")
_HARMLESS = re.compile(
    r"torch [A-Z][a-zA-Z0-9]*Storage|torch\.storage UntypedStorage|collections OrderedDict"
    r"|torch\._utils _rebuild_(tensor|tensor_v2|parameter)"
)
_NAMING = {"STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4"}
"""Instructions of pickles that name code in ways that ``torch.save`` does not use."""


class Read(NamedTuple):
    """``dtype`` is what the file has: the array of bfloat16 is of float32."""

    array: Array
    dtype: str


def read(path: str, name: str) -> Read:
    """The tensor in a file, or the one of this name; BadTensor says why there is none."""
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
    raise BadTensor("it is no file of a tensor: neither .npy nor .npz, nor of torch.save")


def _npy(file: BinaryIO, size_bytes: int) -> Array:
    """https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"""
    dtype, shape, is_fortran = _header(file)
    name = dtype.name
    if name not in SIZES:
        raise BadTensor(f"the .npy has the dtype {name}, which is none of: {', '.join(SIZES)}")
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
        raise BadTensor("the .npy has a version that is not known")
    length = file.read(struct.calcsize(length_format))
    if len(length) < struct.calcsize(length_format):
        raise BadTensor("the .npy breaks off")
    (size_bytes,) = struct.unpack(length_format, length)
    if size_bytes > MAX_HEADER_BYTES:
        raise BadTensor(f"the .npy has a header of {size_bytes:,} bytes, which none needs")
    try:
        told = ast.literal_eval(str(file.read(size_bytes), "latin-1").strip())
        described, shape, is_fortran = told["descr"], told["shape"], told["fortran_order"]
    except (ValueError, SyntaxError, TypeError, LookupError, RecursionError, MemoryError):
        raise BadTensor("the .npy has no header that can be read") from None
    if not isinstance(described, str) or not _DESCRIPTION.fullmatch(described):
        raise BadTensor("the .npy has a dtype that is not one of numbers")
    if not isinstance(shape, tuple) or any(
        type(size) is not int or not 0 <= size < 2**63 for size in shape
    ):
        raise BadTensor("the .npy has a shape that is none: sizes are whole numbers from 0 on")
    elements_count(shape)
    try:
        return np.dtype(described), list(shape), is_fortran is True
    except TypeError:
        raise BadTensor(f"the .npy has the dtype {described!r}, which is not known") from None


def _of_zip(file: BinaryIO, size_bytes: int, name: str) -> Read:
    if _directory_bytes(file, size_bytes) > MAX_DIRECTORY_BYTES:
        raise BadTensor("the zip has more members than a file of tensors needs")
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
        raise BadTensor(f"the zip cannot be read: {error}") from None
    except (ValueError, LookupError, OSError, struct.error) as error:
        if isinstance(error, BadTensor):
            raise
        raise BadTensor("the zip cannot be read") from None
    file.seek(0)
    return _of_torch(file, size_bytes)


def _check_packing(members: list[zipfile.ZipInfo]) -> None:
    """BadTensor for ways that want as much memory as a head says, and for encrypted members."""
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadTensor(
                f"{member.filename} in the zip is packed in a way that NumPy does not use"
            )
        if member.flag_bits & 1:
            raise BadTensor(f"{member.filename} in the zip is encrypted")


def _check_ratio(unpacked_bytes: int, size_bytes: int) -> None:
    if unpacked_bytes > max(FREE_BYTES, MAX_RATIO * size_bytes):
        raise BadTensor(
            f"the file unpacks to {unpacked_bytes:,} bytes, more than {MAX_RATIO} times its own"
        )


def _directory_bytes(file: BinaryIO, size_bytes: int) -> int:
    """What ``zipfile`` will take for the list of members: the end says so, or, of large files, a
    record before it (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.14 to 16)."""
    file.seek(max(0, size_bytes - 98))
    tail = file.read(98).rjust(98, b"\0")
    if not (tail[76:].startswith(b"PK\5\6") and tail.endswith(b"\0\0")):
        raise BadTensor("the zip breaks off, or something follows it")
    if tail[56:].startswith(b"PK\6\7"):
        if not tail.startswith(b"PK\6\6"):  # It might be looked for elsewhere.
            raise BadTensor("the zip has its list of members in an unusual place")
        return int.from_bytes(tail[40:48], "little")
    return int.from_bytes(tail[88:92], "little")


def _of_npz(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], name: str) -> Array:
    arrays = [one for one in members if one.filename.endswith(".npy")]
    named = [one for one in arrays if one.filename == f"{name}.npy"]
    chosen = named or arrays
    if len(chosen) != 1:
        raise BadTensor(
            f"the zip has {len(arrays)} arrays, none of them called {name!r}: send one, or a .npy"
        )
    # Unpacked as far as the member says that it goes, which has been compared with the file.
    with archive.open(chosen[0]) as member:
        content = member.read()
    if len(content) != chosen[0].file_size:
        raise BadTensor(f"{chosen[0].filename} in the zip breaks off")
    if not content.startswith(NPY):
        raise BadTensor(f"{chosen[0].filename} in the zip is no .npy")
    return _npy(io.BytesIO(content), len(content))


def _check_pickle(archive: zipfile.ZipFile, pickles: list[zipfile.ZipInfo]) -> None:
    """BadTensor if it names anything that a tensor does not need: PyTorch would call some of it."""
    if len(pickles) > 1:
        raise BadTensor("the file of torch.save has several pickles")
    (pickle,) = pickles
    if pickle.file_size > MAX_PICKLE_BYTES:
        raise BadTensor("the file of torch.save has more in it than a tensor")
    for operation, argument, _ in pickletools.genops(archive.read(pickle)):
        is_harmless = operation.name not in _NAMING
        if operation.name == "GLOBAL":
            is_harmless = bool(_HARMLESS.fullmatch(str(argument)))
        if not is_harmless:
            raise BadTensor(
                "the file of torch.save has code in it, or more than one tensor: "
                f"{str(argument)[:100] or operation.name}"
            )


def _of_torch(file: BinaryIO, size_bytes: int) -> Read:
    try:
        import torch
    except ImportError:
        raise BadTensor(
            "files of torch.save cannot be read here, as PyTorch is not installed: send .npy"
        ) from None
    try:
        tensor = torch.load(file, map_location="cpu", weights_only=True)
    except Exception:
        raise BadTensor("the file of torch.save cannot be read") from None
    if (
        not isinstance(tensor, torch.Tensor)
        or tensor.layout != torch.strided
        or tensor.is_quantized
    ):
        raise BadTensor("the file of torch.save is no tensor")
    if tensor.device.type != "cpu":
        raise BadTensor("the file of torch.save has no numbers")
    # A few numbers may stand for many, which a copy would have one by one.
    _check_ratio(tensor.numel() * tensor.element_size(), size_bytes)
    told = tensor_of(tensor)
    return Read(array_of(told), told.dtype)
