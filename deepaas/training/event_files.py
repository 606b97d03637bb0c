"""Reads the scalars in TensorBoard's event files, without TensorBoard.

An event file is a TFRecord file: a sequence of records that each contain an ``Event``, a protobuf
message. The few necessary fields are read from the bytes, without protobuf or TensorFlow. The
formats, as TensorFlow defines them:

- TFRecord: tensorflow/core/lib/io/record_writer.h, and
  https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
- ``Event`` and ``Summary``: tensorflow/core/util/event.proto, core/framework/summary.proto
- ``TensorProto`` and ``DataType``: tensor.proto and types.proto beside it
- the wire format: https://protobuf.dev/programming-guides/encoding/

The content of a file never causes an exception, and time and memory are limited.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MAX_RECORD_BYTES = 1024 * 1024
"""Larger records are skipped. One with a scalar has about 50 bytes."""

MAX_TAG_BYTES = 1024

MAX_TAGS = 1000

_READ_BYTES = 256 * 1024
_ABSURD_BYTES = 2**31

_HEADER = struct.Struct("<QI")
_FRAME_BYTES = _HEADER.size + 4
_DOUBLE = struct.Struct("<d")
_FLOAT = struct.Struct("<f")

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_Field = tuple[int, int, int, int]
"""Number, wire type, and either a varint's value and 0, or start and end of the field's bytes."""


class Scalar(NamedTuple):
    tag: str
    step: int
    value: float
    wall_time: float


class EventFile:
    """The file need not exist."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._broken = False
        # Writers of tensors may store the kind only with the first value of a tag.
        self._scalar_tags: set[bytes] = set()

    def read(self, max_points: int) -> list[Scalar]:
        """The scalars written since the last call; about ``max_points``, in complete records.

        Only the checksums of lengths are verified, as in TensorBoard's data server; after a wrong
        one, the file is never read again.
        """
        scalars: list[Scalar] = []
        if self._broken:
            return scalars
        try:
            # Non-blocking, because opening a FIFO would wait for its writer.
            fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return scalars
        try:
            status = os.fstat(fd)
            if stat.S_ISREG(status.st_mode):
                self._read(fd, status.st_size, scalars, max_points)
        except OSError:
            pass
        finally:
            os.close(fd)
        return scalars

    def _read(self, fd: int, size: int, scalars: list[Scalar], max_points: int) -> None:
        chunk = b""
        position = 0  # In the chunk: the start of the record at self._offset.
        while len(scalars) < max_points and self._offset + _FRAME_BYTES <= size:
            if len(chunk) - position < _HEADER.size:
                chunk, position = os.pread(fd, _READ_BYTES, self._offset), 0
                if len(chunk) < _HEADER.size:
                    return
            length, checksum = _HEADER.unpack_from(chunk, position)
            if length >= _ABSURD_BYTES or checksum != masked_crc(length):
                self._broken = True
                return
            whole = length + _FRAME_BYTES
            if self._offset + whole > size:
                return
            if length > MAX_RECORD_BYTES:
                chunk, position = b"", 0
            else:
                if len(chunk) - position < whole:
                    chunk, position = os.pread(fd, max(whole, _READ_BYTES), self._offset), 0
                    if len(chunk) < whole:
                        return
                begin = position + _HEADER.size
                # The content is damaged, but the frame is not: the next record may be valid.
                with contextlib.suppress(ValueError, IndexError, struct.error):
                    self._event(chunk, begin, begin + length, scalars)
                position += whole
            self._offset += whole

    def _event(self, data: bytes, begin: int, end: int, scalars: list[Scalar]) -> None:
        wall_time = 0.0
        step = 0
        summaries = []
        for number, wire, first, last in _fields(data, begin, end):
            if number == 1 and wire == _FIXED64:
                wall_time = _DOUBLE.unpack_from(data, first)[0]
            elif number == 2 and wire == _VARINT:
                step = _signed(first)
            elif number == 5 and wire == _BYTES:
                summaries.append((first, last))
        for summary in summaries:
            for number, wire, first, last in _fields(data, *summary):
                if number == 1 and wire == _BYTES:
                    found = self._value(data, first, last)
                    if found is not None:
                        tag, value = found
                        scalars.append(Scalar(tag, step, value, wall_time))

    def _value(self, data: bytes, begin: int, end: int) -> tuple[str, float] | None:
        """None if it is not a scalar."""
        tag = b""
        value: float | None = None
        tensor: tuple[int, int] | None = None
        plugin: bytes | None = None
        for number, wire, first, last in _fields(data, begin, end):
            if number == 1 and wire == _BYTES:
                if last - first > MAX_TAG_BYTES:
                    return None
                tag = data[first:last]
            elif number == 2 and wire == _FIXED32:
                value = _FLOAT.unpack_from(data, first)[0]
            elif number == 8 and wire == _BYTES:
                tensor = first, last
            elif number == 9 and wire == _BYTES:
                plugin = _plugin(data, first, last)
        if value is None and tensor is not None:
            if plugin == b"scalars" and len(self._scalar_tags) < MAX_TAGS:
                self._scalar_tags.add(tag)
            if plugin == b"scalars" or (not plugin and tag in self._scalar_tags):
                value = _number(data, *tensor)
        return None if value is None else (tag.decode("utf-8", "replace"), value)


@functools.lru_cache(maxsize=4096)
def masked_crc(length: int) -> int:
    """The masked CRC-32C of a record's length. Slow, but cached: there are few lengths."""
    crc = 0xFFFFFFFF
    for byte in length.to_bytes(8, "little"):
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _fields(data: bytes, begin: int, end: int) -> Iterator[_Field]:
    """Raises ``ValueError`` or ``IndexError`` if it is not a message."""
    position = begin
    while position < end:
        key = data[position]
        if key < 0x80:
            position += 1
        else:
            key, position = _varint(data, position)
        wire = key & 7
        number = key >> 3
        if wire == _VARINT:
            value, position = _varint(data, position)
            if position > end:
                raise ValueError("a field ends after its message")
            yield number, wire, value, 0
            continue
        if wire == _BYTES:
            size, position = _varint(data, position)
        elif wire == _FIXED32:
            size = 4
        elif wire == _FIXED64:
            size = 8
        else:
            raise ValueError("a field of unknown type")
        first = position
        position += size
        if position > end:
            raise ValueError("a field ends after its message")
        yield number, wire, first, position


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = data[position]
    if value < 0x80:
        return value, position + 1
    value &= 0x7F
    for shift in range(7, 70, 7):
        position += 1
        byte = data[position]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position + 1
    raise ValueError("a number of more than ten bytes")


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _plugin(data: bytes, begin: int, end: int) -> bytes:
    name = b""
    for number, wire, first, last in _fields(data, begin, end):
        if number == 1 and wire == _BYTES:
            for inner, inner_wire, inner_first, inner_last in _fields(data, first, last):
                if inner == 1 and inner_wire == _BYTES:
                    name = data[inner_first : min(inner_last, inner_first + 16)]
    return name


class _Type(NamedTuple):
    """The format in ``tensor_content``, and the repeated field with its wire type."""

    content: str
    field: int
    wire: int


_TYPES = {
    1: _Type("<f", 5, _FIXED32),
    2: _Type("<d", 6, _FIXED64),
    3: _Type("<i", 7, _VARINT),
    4: _Type("<B", 7, _VARINT),
    5: _Type("<h", 7, _VARINT),
    6: _Type("<b", 7, _VARINT),
    9: _Type("<q", 10, _VARINT),
    10: _Type("<?", 11, _VARINT),
    14: _Type("<H", 13, _VARINT),
    17: _Type("<H", 7, _VARINT),
    19: _Type("<e", 13, _VARINT),
    22: _Type("<I", 16, _VARINT),
    23: _Type("<Q", 17, _VARINT),
}
"""By ``DataType``: floats, integers and booleans; no complex numbers or strings."""

_HALF, _BFLOAT16, _UINT64 = 19, 14, 23


def _number(data: bytes, begin: int, end: int) -> float | None:
    """The only element of a ``TensorProto``, None if it is not a number."""
    kind = 0
    content: tuple[int, int] | None = None
    fields: dict[int, tuple[int, int, int]] = {}
    for number, wire, first, last in _fields(data, begin, end):
        if number == 1 and wire == _VARINT:
            kind = first
        elif number == 4 and wire == _BYTES and last > first:
            content = first, last
        elif number in (5, 6, 7, 10, 11, 13, 16, 17):
            fields[number] = wire, first, last
    form = _TYPES.get(kind)
    if form is None:
        return None
    if content is not None:
        if content[1] - content[0] != struct.calcsize(form.content):
            return None
        (value,) = struct.unpack_from(form.content, data, content[0])
        return _bfloat16(value) if kind == _BFLOAT16 else float(value)
    # TensorFlow omits zeros.
    wire, first, last = fields.get(form.field, (_BYTES, 0, 0))
    if wire == _BYTES and first == last:
        return 0.0
    if form.wire != _VARINT:
        if wire not in (form.wire, _BYTES) or last - first != struct.calcsize(form.content):
            return None
        return float(struct.unpack_from(form.content, data, first)[0])
    if wire == _BYTES:
        bits, position = _varint(data, first)
        if position != last:
            return None
    elif wire == _VARINT:
        bits = first
    else:
        return None
    if kind == _HALF:
        return float(struct.unpack("<e", struct.pack("<H", bits & 0xFFFF))[0])
    if kind == _BFLOAT16:
        return _bfloat16(bits & 0xFFFF)
    return float(bits if kind == _UINT64 else _signed(bits))


def _bfloat16(bits: int) -> float:
    """The bits are the upper half of a float's."""
    return float(_FLOAT.unpack(struct.pack("<I", bits << 16))[0])
