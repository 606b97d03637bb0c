"""The events of a prediction, in order: in memory while there are few, then in a file.

Readers follow it from the beginning, each at its own pace; a slow one only costs disk space.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import struct
import tempfile
from collections.abc import AsyncIterator, Generator, Iterable
from pathlib import Path
from typing import IO, NamedTuple

from deepaas.errors import StorageFull
from deepaas.messages import NO_SPACE
from deepaas.web.document import Document, of_bytes

MEMORY_BYTES = 64 * 1024
MEMORY_COUNT = 500
MAX_BYTES = 1024 * 1024 * 1024

READ_BYTES = 32 * 1024
LARGE_BYTES = READ_BYTES // 2
"""The data of a larger event is read in pieces."""

_HEAD = struct.Struct("<BI")


class FileRange(NamedTuple):
    """See :meth:`Journal.pieces`."""

    position: int
    length: int


Entry = tuple[str, bytes | FileRange]


class TooMuch(Exception):
    """The events of a prediction exceed the limit of a journal."""


class Journal:
    """The events of one prediction, of the given kinds; its file is in ``folder``."""

    def __init__(self, kinds: tuple[str, ...], folder: Path) -> None:
        self._kinds = kinds
        self._folder = folder
        self._memory: list[tuple[str, bytes]] = []
        self._file: IO[bytes] | None = None
        self._size_bytes = 0
        self._counts: dict[str, int] = {}
        self._data_bytes: dict[str, int] = {}
        # While a thread writes one event, others wait here; None marks the end.
        self._held: list[tuple[str, bytes] | None] | None = None
        self._ended = False
        self._news: asyncio.Event | None = None

    def append(self, kind: str, data: bytes) -> None:
        """Write an event.

        Raises:
            TooMuch: the journal has reached its limit.
            StorageFull: no disk space is left.
        """
        if self._ended:
            return
        size_bytes = len(data)
        self._check(size_bytes)
        if self._held is not None:
            self._held.append((kind, data))
            return
        if (
            self._file is None
            and self._size_bytes + size_bytes < MEMORY_BYTES
            and len(self._memory) < MEMORY_COUNT
        ):
            self._memory.append((kind, data))
        else:
            try:
                file = self._to_disk()
                _write(file.fileno(), self._size_bytes, (self._packed(kind, data),))
            except OSError as error:
                if error.errno in NO_SPACE:
                    raise StorageFull("the events of the prediction") from None
                reason = f"the events of the prediction cannot be written: {error.strerror}"
                raise TooMuch(reason) from None
        self._count(kind, size_bytes)

    async def append_pieces(self, kind: str, size_bytes: int, pieces: Iterable[bytes]) -> None:
        """Write a large event; events that arrive meanwhile follow it.

        The pieces are read in a thread; their total length is ``size_bytes``.

        Raises:
            TooMuch: the journal would exceed its limit.
            OSError: the pieces cannot be read or written.
        """
        self._check(size_bytes)
        file = self._to_disk()
        head = _HEAD.pack(self._kinds.index(kind), size_bytes)
        self._held = []
        writing = asyncio.ensure_future(
            asyncio.to_thread(_write, file.fileno(), self._size_bytes, [head], pieces)
        )
        try:
            await asyncio.shield(writing)
        finally:
            # A thread cannot be stopped, and nothing else may be written before it is done.
            while not writing.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait((writing,))
            if not writing.cancelled() and writing.exception() is None:
                self._count(kind, size_bytes)
            held, self._held = self._held, None
            for each in held:
                if each is None:
                    self.end()
                else:
                    with contextlib.suppress(TooMuch, StorageFull):
                        self.append(*each)

    def close(self) -> None:
        """Release the file and its disk space, after the last reader."""
        self.end()
        file, self._file = self._file, None
        if file is not None:
            # A thread, because freeing a lot of space takes time.
            asyncio.get_running_loop().run_in_executor(None, file.close)

    def end(self) -> None:
        if self._held is not None:
            self._held.append(None)
            return
        self._ended = True
        self._wake()

    async def follow(self) -> AsyncIterator[Entry]:
        """All events, from the first to the end."""
        number = position = 0
        while True:
            while position < self._size_bytes:
                if self._file is None:
                    if not self._memory:
                        return  # The journal has been closed.
                    kind, data = self._memory[number]
                    number += 1
                    position += _HEAD.size + len(data)
                    yield kind, data
                    continue
                entries, position = self._read(self._file, position, self._size_bytes)
                for entry in entries:
                    yield entry
            if self._ended:
                return
            if self._news is None:
                self._news = asyncio.Event()
            await self._news.wait()

    def pieces(self, data: bytes | FileRange) -> Generator[bytes, None, None]:
        if not isinstance(data, FileRange):
            yield data
            return
        position, length = data
        for offset in range(0, length, READ_BYTES):
            if self._file is None:
                raise OSError(errno.EBADF, "the events have been deleted")
            size_bytes = min(READ_BYTES, length - offset)
            yield os.pread(self._file.fileno(), size_bytes, position + offset)

    def count(self, kind: str) -> int:
        return self._counts.get(kind, 0)

    def joined(self, kind: str) -> Document:
        """The data of all events of one kind so far, separated by commas."""
        if self._file is None:
            return of_bytes(b",".join([data for each, data in self._memory if each == kind]))
        size_bytes = self._data_bytes.get(kind, 0) + max(0, self.count(kind) - 1)
        until = self._size_bytes
        return Document(size_bytes, lambda: self._joined(kind, until))

    def _joined(self, kind: str, until: int) -> Generator[bytes, None, None]:
        position, comma = 0, b""
        while position < until:
            if self._file is None:
                raise OSError(errno.EBADF, "the events have been deleted")
            entries, position = self._read(self._file, position, until)
            small: list[bytes] = []
            for each, data in entries:
                if each != kind:
                    continue
                small.append(comma)
                comma = b","
                if isinstance(data, FileRange):
                    yield b"".join(small)
                    small.clear()
                    yield from self.pieces(data)
                else:
                    small.append(data)
            if small:
                yield b"".join(small)

    def _read(self, file: IO[bytes], position: int, until: int) -> tuple[list[Entry], int]:
        block = os.pread(file.fileno(), min(READ_BYTES, until - position), position)
        entries: list[Entry] = []
        offset = 0
        while offset + _HEAD.size <= len(block):
            kind, length = _HEAD.unpack_from(block, offset)
            start = offset + _HEAD.size
            if length > LARGE_BYTES:
                entries.append((self._kinds[kind], FileRange(position + start, length)))
            elif start + length > len(block):
                break
            else:
                entries.append((self._kinds[kind], block[start : start + length]))
            offset = start + length
        return entries, position + offset

    def _check(self, size_bytes: int) -> None:
        if self._size_bytes + size_bytes > MAX_BYTES:
            raise TooMuch(f"the events of the prediction exceed the limit of {MAX_BYTES} bytes")

    def _to_disk(self) -> IO[bytes]:
        if self._file is None:
            file = tempfile.TemporaryFile(dir=str(self._folder))  # noqa: SIM115
            try:
                _write(file.fileno(), 0, [b"".join(self._packed(*each) for each in self._memory)])
            except OSError:
                file.close()
                raise
            self._file = file
            self._memory.clear()
        return self._file

    def _packed(self, kind: str, data: bytes) -> bytes:
        return _HEAD.pack(self._kinds.index(kind), len(data)) + data

    def _count(self, kind: str, data_bytes: int) -> None:
        self._size_bytes += _HEAD.size + data_bytes
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._data_bytes[kind] = self._data_bytes.get(kind, 0) + data_bytes
        self._wake()

    def _wake(self) -> None:
        # Readers that wait have this event; later ones wait for a new one.
        if self._news is not None:
            self._news.set()
            self._news = None


def _write(file: int, position: int, *parts: Iterable[bytes]) -> None:
    for pieces in parts:
        for piece in pieces:
            left = memoryview(piece)
            while left:
                written = os.pwrite(file, left, position)
                position += written
                left = left[written:]
