"""Standard output and error, and files of the log, for a process that must not wait for them.

A pipe whose reader has stopped, a terminal that is held, a disk that does not answer: all of them
stop whoever writes. Here a thread does that, and what it cannot take is dropped and counted.
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
"""How long an ending process waits for what has not been written yet."""


def _dropped(count: int) -> str:
    return f"{count} lines were dropped here: nobody took them\n"


class Outlet(io.TextIOBase):
    """A text file to which nobody waits to write; a thread brings it all to a descriptor, in UTF-8.

    ``dropped`` makes a whole line of how many writes are missing, to be written in their place.
    """

    def __init__(self, descriptor: int, dropped: Callable[[int], str] = _dropped) -> None:
        super().__init__()
        self.dropped = dropped
        self._descriptor = descriptor
        # Of a lock that its thread may take again: destructors and signals write, too.
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
        """Have it written; dropped if too much waits already."""
        # A destructor in the other thread may log, and wait for the lock of the log that the one
        # here holds: rather lose a line than wait for each other.
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
        """Do nothing: to wait is what this class is not for, see :meth:`drain`."""

    def drain(self, seconds: float = LAST_WORDS_SECONDS) -> bool:
        """Wait until all is written, but no longer than that; whether it is."""
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
        """Write, however long it takes; False if it is not possible."""
        data = memoryview(("\n" * self._is_torn + text).encode(errors="backslashreplace"))
        size = len(data)
        try:
            while data:
                data = data[self._put_some(data) :]
        except OSError:
            # A full disk, or nobody there any more. The next try may fare better.
            self._is_torn |= len(data) < size
            return False
        self._is_torn = False
        return True

    def _put_some(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            # Somebody who shares it does not want to wait either.
            poll = select.poll()
            poll.register(self._descriptor, select.POLLOUT)
            poll.poll()
            return 0


def replace_standard_streams() -> None:
    """Let nothing that this process prints make it wait, from now on until its end."""
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
    """Who is started with closed standard descriptors would write into the next file it opens."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass  # It was closed, and is held from here on.
    os.close(descriptor)
