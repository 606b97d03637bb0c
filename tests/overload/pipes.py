"""Pipes into which programs write what nobody reads."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Iterator

LOOK_SECONDS = 0.05


@contextlib.contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    """The end to read and the end to write."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            with contextlib.suppress(OSError):
                os.close(end)


def fill(end: int) -> None:
    """Until the pipe takes nothing more; who else writes to it does not notice."""
    own = os.open(f"/proc/self/fd/{end}", os.O_WRONLY | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(own, b" " * 1024)
    os.close(own)


class Reader:
    """Reads a pipe in a thread, as long as its context lasts.

    Attributes:
        text: what has come.
    """

    def __init__(self, end: int) -> None:
        self.text = ""
        self._end = end
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            if select.select([self._end], [], [], LOOK_SECONDS)[0]:
                data = os.read(self._end, 65536)
                if not data:
                    return
                self.text += data.decode(errors="replace")
