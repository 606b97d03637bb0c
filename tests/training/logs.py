"""Logs of trainings that are written and read in the tests."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deepaas.training.log import SEGMENT_BYTES, SEGMENTS_COUNT, LogReader, LogWriter

SECONDS = 60


@contextmanager
def writing(
    folder: Path, segment_bytes: int = SEGMENT_BYTES, segments_count: int = SEGMENTS_COUNT
) -> Iterator[Callable[[bytes], None]]:
    """Gives a function that prints; afterwards all of it is in the log."""
    read_end, write_end = os.pipe()
    pipe = os.fstat(read_end).st_ino
    writer = LogWriter(folder, read_end, segment_bytes=segment_bytes, segments_count=segments_count)
    writer.start()

    def put(data: bytes) -> None:
        while data:
            data = data[os.write(write_end, data) :]

    try:
        yield put
    finally:
        os.close(write_end)
        assert writer.wait(SECONDS)
    assert not is_open(read_end, pipe)


def is_open(descriptor: int, inode: int) -> bool:
    """Is it still open here, and not another thread's by now?"""
    try:
        return os.fstat(descriptor).st_ino == inode
    except OSError:
        return False


def write(
    folder: Path,
    *parts: bytes,
    segment_bytes: int = SEGMENT_BYTES,
    segments_count: int = SEGMENTS_COUNT,
) -> LogReader:
    with writing(folder, segment_bytes, segments_count) as put:
        for part in parts:
            put(part)
    return LogReader(folder)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def everything(reader: LogReader) -> bytes:
    return reader.read(0, 10**9)[1]


def segments(folder: Path) -> list[tuple[str, int]]:
    return sorted((path.name, path.stat().st_size) for path in folder.iterdir())
