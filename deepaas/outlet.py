"""Standard output and error, and log files, for a process that must not block on them.

A pipe whose reader has stopped, a paused terminal or a hanging disk blocks the writer. Here a
thread writes; what it cannot keep up with is dropped and counted.
"""

from __future__ import annotations

import atexit
import collections
import contextlib
import io
import os
import select
import sys
import threading
import time
from collections.abc import Callable

MAX_WAITING_CHARACTERS = 1024 * 1024
WRITE_CHARACTERS = 64 * 1024

LOCK_SECONDS = 1.0

STDOUT, STDERR = 1, 2

LAST_WORDS_SECONDS = 2.0
"""How long an exiting process waits until the rest is written."""


def _dropped(count: int) -> str:
    return f"{count} lines were dropped here: the reader was too slow\n"


class Outlet(io.TextIOBase):
    """A text file whose writes never block; a thread writes to a descriptor, in UTF-8.

    ``dropped`` returns the line that replaces a number of dropped writes.
    """

    def __init__(self, descriptor: int, dropped: Callable[[int], str] = _dropped) -> None:
        super().__init__()
        self.dropped = dropped
        self._descriptor = descriptor
        # With a reentrant lock: destructors and signal handlers write as well.
        self._changed = threading.Condition()
        self._waiting: collections.deque[str] = collections.deque()
        self._waiting_characters = 0
        self._dropped_count = 0
        self._is_writing = False
        self._is_torn = False
        threading.Thread(target=self._run, name="deepaas-outlet", daemon=True).start()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        return "backslashreplace"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, text: str) -> int:
        """Queue a text; it is dropped if the queue is full."""
        # A destructor in the other thread may log and wait for the lock of `logging` that this
        # thread holds: better to lose a line than to deadlock.
        if not self._changed.acquire(timeout=LOCK_SECONDS):
            self._dropped_count += 1
            return len(text)
        try:
            if self._waiting_characters + len(text) > MAX_WAITING_CHARACTERS:
                self._dropped_count += 1
            elif text:
                self._waiting.append(text)
                self._waiting_characters += len(text)
                self._changed.notify_all()
        finally:
            self._changed.release()
        return len(text)

    def flush(self) -> None:
        """Do nothing, because it must not block; see :meth:`drain`."""

    def drain(self, seconds: float = LAST_WORDS_SECONDS) -> bool:
        """Wait until everything is written, at most so long; False if it is not."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while self._waiting or self._is_writing:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def drain_at_exit(self) -> None:
        atexit.register(self.drain)

    def _run(self) -> None:
        while True:
            texts, missing_count = self._next()
            told = self.dropped(missing_count) if missing_count else ""
            if not self._put(told + "".join(texts)):
                with self._changed:
                    self._dropped_count += missing_count + len(texts)
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()

    def _next(self) -> tuple[list[str], int]:
        with self._changed:
            while not self._waiting:
                self._changed.wait()
            missing_count, self._dropped_count = self._dropped_count, 0
            texts = [self._waiting.popleft()]
            size = len(texts[0])
            while self._waiting and size + len(self._waiting[0]) <= WRITE_CHARACTERS:
                texts.append(self._waiting.popleft())
                size += len(texts[-1])
            self._waiting_characters -= size
            self._is_writing = True
            return texts, missing_count

    def _put(self, text: str) -> bool:
        """Write, however long it takes; False if it fails."""
        data = memoryview(("\n" * self._is_torn + text).encode(errors="backslashreplace"))
        size = len(data)
        try:
            while data:
                data = data[self._put_some(data) :]
        except OSError:
            # The disk is full, or the reader has gone. The next attempt may succeed.
            self._is_torn |= len(data) < size
            return False
        self._is_torn = False
        return True

    def _put_some(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            # Another process that shares it has made it non-blocking.
            poll = select.poll()
            poll.register(self._descriptor, select.POLLOUT)
            poll.poll()
            return 0


def replace_standard_streams() -> None:
    """From now on, printing never blocks this process."""
    _hold_descriptors()
    for name, descriptor in (("stdout", STDOUT), ("stderr", STDERR)):
        if isinstance(getattr(sys, name), Outlet):
            continue
        with contextlib.suppress(AttributeError, OSError, ValueError):
            getattr(sys, name).flush()
        outlet = Outlet(descriptor)
        outlet.drain_at_exit()
        setattr(sys, name, outlet)


def _hold_descriptors() -> None:
    """Open standard descriptors that are closed, or the next file would receive the output."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass  # It was closed.
    os.close(descriptor)
