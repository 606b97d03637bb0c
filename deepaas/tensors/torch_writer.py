"""Writes a tensor as a file of ``torch.save``, without PyTorch."""

from __future__ import annotations

import struct
import zlib

from deepaas.messages import Tensor
from deepaas.tensors.buffers import buffer
from deepaas.tensors.dtypes import SIZES, BadTensor, elements_count
from deepaas.tensors.torch_pickle import STORAGES

ALIGNED_BYTES = 192
"""Where the numbers begin: a multiple of the 64 that PyTorch prefers, and of the three bytes that
base64 encodes at a time."""

MAX_BYTES = 2**32 - 2**20
"""Of the numbers: larger ones need another form of zip file."""

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 20
_JANUARY_1980 = 0x21

_FOLDER = "archive"


def pieces(tensor: Tensor) -> tuple[bytes, memoryview, bytes]:
    """The file, in three parts; the second is the tensor's own memory.

    Raises:
        BadTensor: PyTorch has no such dtype, or it is too large.
    """
    if tensor.dtype not in SIZES:
        raise BadTensor(f"PyTorch does not support tensors of {tensor.dtype}")
    data = buffer(tensor, elements_count(tensor.shape) * SIZES[tensor.dtype])
    if data.nbytes > MAX_BYTES:
        raise BadTensor(f"the tensor has {data.nbytes:,} bytes, the maximum is {MAX_BYTES:,}")
    members = _Members()
    members.add("data.pkl", _pickle(tensor))
    members.add("byteorder", b"little")
    members.add("version", b"3\n")
    head = members.begin("data/0", data)
    return head, data, members.end(data)


class _Members:
    def __init__(self) -> None:
        self._content = b""
        self._directory = b""
        self._count = 0

    def add(self, name: str, content: bytes) -> None:
        self._enter(name, memoryview(content), b"")
        self._content += content

    def begin(self, name: str, content: memoryview) -> bytes:
        """All before the content of the last one, which begins at a multiple of
        ``ALIGNED_BYTES``."""
        used_bytes = len(self._content) + _LOCAL.size + len(_FOLDER) + 1 + len(name) + 4
        # As PyTorch fills it: an extra field that it calls FB.
        filled_bytes = -used_bytes % ALIGNED_BYTES
        self._enter(name, content, struct.pack("<2sH", b"FB", filled_bytes) + b"Z" * filled_bytes)
        return self._content

    def end(self, content: memoryview) -> bytes:
        offset = len(self._content) + content.nbytes
        counts = (self._count, self._count)
        return self._directory + _END.pack(
            b"PK\5\6", 0, 0, *counts, len(self._directory), offset, 0
        )

    def _enter(self, name: str, content: memoryview, extra: bytes) -> None:
        path = f"{_FOLDER}/{name}".encode()
        size_bytes = content.nbytes
        # Version needed, flags, method (stored), time, date, checksum, both sizes.
        common = (_VERSION, 0, 0, 0, _JANUARY_1980, zlib.crc32(content), size_bytes, size_bytes)
        offset = len(self._content)
        self._content += _LOCAL.pack(b"PK\3\4", *common, len(path), len(extra)) + path + extra
        entry = (b"PK\1\2", _VERSION, *common, len(path), 0, 0, 0, 0, 0, offset)
        self._directory += _CENTRAL.pack(*entry) + path
        self._count += 1


def _pickle(tensor: Tensor) -> bytes:
    """Protocol 2, with the same instructions as PyTorch's."""
    count = elements_count(tensor.shape)
    storage = STORAGES.get(tensor.dtype)
    if storage is not None:
        function, kind, dtype = "_rebuild_tensor_v2", f"torch\n{storage}", b""
    else:
        function, kind = "_rebuild_tensor_v3", "torch.storage\nUntypedStorage"
        dtype = _global(f"torch\n{tensor.dtype}")
        count *= SIZES[tensor.dtype]
    strides: list[int] = []
    stride = 1
    for size in reversed(tensor.shape):
        strides.insert(0, stride)
        stride *= max(1, size)
    return b"".join(
        (
            b"\x80\x02",
            _global(f"torch._utils\n{function}"),
            b"((",
            _text("storage"),
            _global(kind),
            _text("0"),
            _text("cpu"),
            _number(count),
            b"tQ",
            _number(0),
            _numbers(tensor.shape),
            _numbers(strides),
            b"\x89",  # It requires no gradient.
            _global("collections\nOrderedDict"),
            b")R",
            dtype,
            b"tR.",
        )
    )


def _global(name: str) -> bytes:
    return b"c" + name.encode() + b"\n"


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def _number(number: int) -> bytes:
    if number < 2**31:
        return b"J" + struct.pack("<i", number)
    return b"\x8a\x08" + struct.pack("<q", number)


def _numbers(numbers: list[int]) -> bytes:
    return b"(" + b"".join(map(_number, numbers)) + b"t"
