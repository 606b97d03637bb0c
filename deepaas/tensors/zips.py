"""Opens zip files from clients: what they say about themselves is compared with their size first,
and members that are not compressed are views of the memory that holds the file."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from deepaas.tensors.dtypes import BadTensor

MAX_DIRECTORY_BYTES = 256 * 1024
"""Limit for the list of members of a zip file, which needs more memory than its size."""

MAX_RATIO = 100
FREE_BYTES = 16 * 1024 * 1024
"""The same limits as for compressed bodies, see ``web.bodies``."""

_LOCAL = struct.Struct("<4s22xHH")
"""The header of a member: its signature, and the lengths of its name and of what else follows."""


class MemoryReader(io.RawIOBase):
    """A file that reads from memory; ``io.BytesIO`` would copy all of it."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._content.nbytes}
        self._position = max(0, begin[whence] + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._content[self._position : self._position + len(buffer)]
        buffer[: piece.nbytes] = piece
        self._position += piece.nbytes
        return piece.nbytes


@contextlib.contextmanager
def opened(file: BinaryIO, size_bytes: int) -> Iterator[zipfile.ZipFile]:
    """A zip file whose members have plausible sizes; whatever is wrong with it is a BadTensor."""
    if _directory_bytes(file, size_bytes) > MAX_DIRECTORY_BYTES:
        raise BadTensor("the zip file has too many members")
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            check_ratio(sum(member.file_size for member in members), size_bytes)
            _check_packing(members)
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadTensor(f"the zip file cannot be read: {error}") from None
    except (ValueError, LookupError, OSError, struct.error) as error:
        if isinstance(error, BadTensor):
            raise
        raise BadTensor("the zip file cannot be read") from None


def content_of(archive: zipfile.ZipFile, member: zipfile.ZipInfo, held: memoryview) -> memoryview:
    """The bytes of a member of the archive that is in ``held``: a view, if it is not compressed."""
    if member.compress_type != zipfile.ZIP_STORED:
        # Decompressed up to the declared size, which has been checked.
        content = memoryview(bytearray(archive.read(member)))
    else:
        signature, name_bytes, extra_bytes = _LOCAL.unpack_from(held, member.header_offset)
        if signature != b"PK\3\4":
            raise BadTensor("the zip file cannot be read")
        begin = member.header_offset + _LOCAL.size + name_bytes + extra_bytes
        content = held[begin : begin + member.file_size]
    if content.nbytes != member.file_size:
        raise BadTensor(f"{member.filename[:100]} in the zip file is incomplete")
    return content


def check_ratio(unpacked_bytes: int, size_bytes: int) -> None:
    if unpacked_bytes > max(FREE_BYTES, MAX_RATIO * size_bytes):
        raise BadTensor(
            f"the file expands to {unpacked_bytes:,} bytes, more than {MAX_RATIO} times its size"
        )


def _check_packing(members: list[zipfile.ZipInfo]) -> None:
    """BadTensor for compression methods that allocate what a header says, and for encryption."""
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadTensor(
                f"{member.filename} in the zip file has an unsupported compression method"
            )
        if member.flag_bits & 1:
            raise BadTensor(f"{member.filename} in the zip file is encrypted")


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
