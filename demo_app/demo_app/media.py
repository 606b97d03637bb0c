"""What can be told of an audio or video file without decoding it."""

import struct
import wave
from pathlib import Path
from typing import IO


def duration_seconds(path: str | Path) -> float | None:
    """How long a WAV or MP4 file plays; None for any other file."""
    return _wav_seconds(path) or _mp4_seconds(path)


def _wav_seconds(path: str | Path) -> float | None:
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() / file.getframerate()
    except (wave.Error, EOFError, ZeroDivisionError):
        return None


def _mp4_seconds(path: str | Path) -> float | None:
    """The duration in the movie header: the box `mvhd` in the box `moov`."""
    with open(path, "rb") as file:
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
    return duration / scale if scale else None


def _enter(file: IO[bytes], kind: bytes) -> bool:
    """Step over the boxes of an MP4 file until inside the next one of `kind`."""
    while len(head := file.read(8)) == 8:
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
