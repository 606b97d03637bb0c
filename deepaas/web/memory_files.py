"""Files in memory for bodies that a worker is to read: to make one on the disk takes longer.

Linux keeps the pages of a file that is written again, and neither a folder nor a name has to be
made for it.
"""

from __future__ import annotations

import errno
import os
import time
from collections import deque
from pathlib import Path

MAX_FILE_BYTES = 1024 * 1024

MAX_COUNT = 16
"""So many there are at a time, with all of them 16 MiB: who comes then has one on the disk."""

MAX_DESCRIPTORS = 128
"""Of all, those included that rest, and hold nothing."""

REST_SECONDS = 60.0
"""Who was to read a file may still open it so much later, and finds it empty."""


class MemoryFile:
    """One body, which is appended to until its end; nobody else may have it meanwhile."""

    def __init__(self) -> None:
        self._descriptor = os.memfd_create("deepaas-body", os.MFD_CLOEXEC)
        self._size_bytes = self._old_bytes = 0
        self.path = f"/proc/{os.getpid()}/fd/{self._descriptor}"

    def begin(self) -> None:
        """Begin anew, where another content was."""
        self._old_bytes, self._size_bytes = self._size_bytes, 0

    def append(self, piece: bytes) -> None:
        """OSError if there is no memory for it."""
        if os.pwrite(self._descriptor, piece, self._size_bytes) != len(piece):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size_bytes += len(piece)

    def end(self) -> None:
        """Nothing stays of what was there before."""
        if self._size_bytes < self._old_bytes:
            os.ftruncate(self._descriptor, self._size_bytes)

    def empty(self) -> None:
        os.ftruncate(self._descriptor, 0)
        self._size_bytes = 0


class MemoryFiles:
    """Those of a host, until it ends: a path is never that of something else."""

    def __init__(self) -> None:
        self._spare: list[MemoryFile] = []
        self._resting: deque[tuple[float, MemoryFile]] = deque()
        self._count = 0

    def take(self) -> MemoryFile | None:
        """One for the caller alone; None if there are too many. Give it back, whatever happens."""
        if self._count - len(self._spare) - len(self._resting) >= MAX_COUNT:
            return None
        if self._resting and self._resting[0][0] < time.monotonic() - REST_SECONDS:
            self._spare.append(self._resting.popleft()[1])
        if self._spare:
            file = self._spare.pop()
            file.begin()
            return file
        if self._count >= MAX_DESCRIPTORS or not _may_be_opened():
            return None
        try:
            file = MemoryFile()
        except OSError:  # There are none here, or no descriptors are left: so it is with files.
            return None
        self._count += 1
        return file

    def give_back(self, file: MemoryFile, *, is_read: bool) -> None:
        """``is_read``: whether nobody reads it any more; else it is emptied, and rests a while."""
        if is_read and len(self._spare) < MAX_COUNT:
            self._spare.append(file)
            return
        file.empty()
        self._resting.append((time.monotonic(), file))


def _may_be_opened() -> bool:
    """Whether workers, who are the same user, may open descriptors of this process: not if it has
    rights of its own (``setcap``), when these belong to root (PR_SET_DUMPABLE)."""
    return Path("/proc/self").stat().st_uid == os.geteuid()
