"""Files in memory for bodies that a worker will read: faster than creating files on disk.

They are reused: Linux keeps the pages of a file that is overwritten, and they need no folder or
name. They are mapped, so that bodies can be received straight into them.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import time
from collections import deque
from pathlib import Path

MAX_FILE_BYTES = 1024 * 1024

MAX_COUNT = 16
"""Files in use at a time, 16 MiB together; other bodies go to disk."""

MAX_DESCRIPTORS = 128
"""All files, including empty resting ones. The others have a second one for their memory."""

REST_SECONDS = 60.0
"""How long a file is not reused after a call, because a worker might still open it."""


class MemoryFile:
    """One body, written piece by piece; used by one request at a time."""

    def __init__(self) -> None:
        self._descriptor = os.memfd_create("deepaas-body", os.MFD_CLOEXEC)
        self._memory: memoryview | None = None
        self._size_bytes = 0
        self.written_bytes = 0
        self.path = f"/proc/{os.getpid()}/fd/{self._descriptor}"

    def begin(self, size_bytes: int) -> None:
        """Start over the previous content. ``OSError`` if there is not enough memory."""
        if self._memory is None:
            os.ftruncate(self._descriptor, MAX_FILE_BYTES)
            self._memory = memoryview(mmap.mmap(self._descriptor, MAX_FILE_BYTES))
            os.ftruncate(self._descriptor, 0)
        if size_bytes < self._size_bytes:
            os.ftruncate(self._descriptor, size_bytes)
        elif size_bytes > self._size_bytes:
            # The memory is taken here: if there is none, writing to it would end the process.
            os.posix_fallocate(self._descriptor, 0, size_bytes)
        self._size_bytes = size_bytes
        self.written_bytes = 0

    def append(self, piece: bytes) -> None:
        """``ValueError`` if all pieces together are longer than the size."""
        self.rest[: len(piece)] = piece
        self.written_bytes += len(piece)

    @property
    def rest(self) -> memoryview:
        """The memory that has not been written yet."""
        assert self._memory is not None, "it has begun"
        return self._memory[self.written_bytes : self._size_bytes]

    def empty(self) -> None:
        os.ftruncate(self._descriptor, 0)
        self._memory = None
        self._size_bytes = 0


class MemoryFiles:
    """The files of a host, kept until it exits, so that a path never refers to something else."""

    def __init__(self) -> None:
        self._spare: list[MemoryFile] = []
        self._resting: deque[tuple[float, MemoryFile]] = deque()
        self._count = 0

    def take(self, size_bytes: int) -> MemoryFile | None:
        """A file for the caller, who must give it back; None if too many are in use."""
        if self._count - len(self._spare) - len(self._resting) >= MAX_COUNT:
            return None
        if self._resting and self._resting[0][0] < time.monotonic() - REST_SECONDS:
            self._spare.append(self._resting.popleft()[1])
        if not self._spare:
            self._add()
        if not self._spare:
            return None
        try:
            self._spare[-1].begin(size_bytes)
        except OSError:  # No memory is left.
            return None
        return self._spare.pop()

    def _add(self) -> None:
        if self._count < MAX_DESCRIPTORS and _may_be_opened():
            with contextlib.suppress(OSError):  # Not supported, or no descriptors are left.
                self._spare.append(MemoryFile())
                self._count += 1

    def give_back(self, file: MemoryFile, *, is_read: bool) -> None:
        """``is_read``: whether the worker has read it; if not, the file is emptied and rests."""
        if is_read and len(self._spare) < MAX_COUNT:
            self._spare.append(file)
            return
        file.empty()
        self._resting.append((time.monotonic(), file))


def _may_be_opened() -> bool:
    """Whether workers, which run as the same user, can open descriptors of this process: not if it
    has capabilities (``setcap``), because root owns /proc/self then (PR_SET_DUMPABLE)."""
    return Path("/proc/self").stat().st_uid == os.geteuid()
