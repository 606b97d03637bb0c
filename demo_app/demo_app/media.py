"""What can be told of an audio or video file without decoding it.

Files come from strangers: what a header says is believed only as far as the bytes are there.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# More parts than this stand before the one looked for in no file that somebody plays.
_MAX_PARTS = 1000
# Of WAV: samples as integers, as floats, and either with more said of them.
_UNCOMPRESSED = (1, 3, 0xFFFE)


def duration_seconds(path: str | Path) -> float | None:
    """How long a WAV or MP4 file plays; None for any other file."""
    with open(path, "rb") as file:
        return duration_of(file)


def duration_of(file: BinaryIO) -> float | None:
    """The same of a file that is open at its beginning."""
    seconds = _wav_seconds(file)
    if seconds is None:
        file.seek(0)
        seconds = _mp4_seconds(file)
    return seconds


def _wav_seconds(file: BinaryIO) -> float | None:
    """The duration of the samples that are there: programs that write to a pipe know no number."""
    kind, _, form = struct.unpack("<4sI4s", file.read(12).ljust(12, b"\0"))
    if (kind, form) != (b"RIFF", b"WAVE"):
        return None
    rate = frame_bytes = 0
    for name, size in _chunks(file):
        if name == b"fmt ":
            codec, _, rate, _, frame_bytes = struct.unpack("<HHIIH", file.read(14).ljust(14, b"\0"))
            if codec not in _UNCOMPRESSED:
                return None
        if name == b"data":
            there = min(size, os.fstat(file.fileno()).st_size - file.tell())
            return there // frame_bytes / rate if frame_bytes and rate else None
    return None


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Name and size in bytes of the chunks of a WAV file, with the file at the content of each."""
    for _ in range(_MAX_PARTS):
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack("<4sI", head)
        content = file.tell()
        yield name, size
        file.seek(content + size + size % 2)


def _mp4_seconds(file: BinaryIO) -> float | None:
    """The duration in the movie header: the box `mvhd` in the box `moov`."""
    if not (_enter(file, b"moov") and _enter(file, b"mvhd")):
        return None
    header = file.read(32)
    try:
        # Version 1 has 64-bit times in front of the time scale and for the duration.
        scale, duration = struct.unpack_from(
            *((">IQ", header, 20) if header[:1] == b"\1" else (">II", header, 12))
        )
    except struct.error:
        return None
    unknown = 2**64 - 1 if header[:1] == b"\1" else 2**32 - 1
    return duration / scale if scale and duration != unknown else None


def _enter(file: BinaryIO, kind: bytes) -> bool:
    """Step over the boxes of an MP4 file until inside the next one of `kind`."""
    for _ in range(_MAX_PARTS):
        head = file.read(8)
        if len(head) < 8:
            return False
        size, name = struct.unpack(">I4s", head)
        if name == kind:
            return True
        skip = size - 8
        if size == 1:
            large = file.read(8)
            skip = struct.unpack(">Q", large)[0] - 16 if len(large) == 8 else -1
        # 0 means "up to the end of the file"; anything else below the head's size is nonsense.
        if not 0 <= skip < 2**62:
            return False
        file.seek(skip, 1)
    return False
