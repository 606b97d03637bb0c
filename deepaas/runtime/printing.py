"""What a model writes to its standard streams, marked with the call that it is for.

With one call at a time, what comes through the pipe meanwhile is that call's. With several, only
this process can tell them apart, and only of what Python code writes that works for one of them. It
is marked (``printed.MarkedOutput``) in the pipe itself: there it keeps its place among what
compiled code and programs write, and nothing of it is lost when the process dies.
"""

from __future__ import annotations

import contextlib
import contextvars
import ctypes
import io
import os
import secrets
import select
import sys
import threading

from deepaas.printed import marked

_LINE_BUFFERED = 1
"""C's ``_IOLBF``, on Linux and macOS."""

MAX_UNFINISHED_CHARACTERS = 8192
"""So much is held back until its line is complete."""


class Printing:
    """The standard streams of this process; nobody outside can know their ``mark``."""

    def __init__(self) -> None:
        self.mark = secrets.token_bytes(16)
        self._call: contextvars.ContextVar[int] = contextvars.ContextVar("deepaas_call")
        self._streams: list[_Stream] = []

    def install(self) -> None:
        """Take the place of the streams, before a model's code may keep one of them."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if isinstance(stream, io.TextIOWrapper):
                made = _Stream(stream, self._call, self.mark)
                self._streams.append(made)
                vars(sys).update({name: made, f"__{name}__": made})
        if not any(stream.write_through for stream in self._streams):  # PYTHONUNBUFFERED does so.
            _complete_lines_of_compiled_code()

    def begin(self, call_id: int) -> None:
        """From here on the current task works for this call, with all that it starts."""
        self._call.set(call_id)

    def end(self, call_id: int) -> None:
        """The call has ended: what it has written without a line break comes now."""
        for stream in self._streams:
            stream.finish(call_id)


class _Stream(io.TextIOWrapper):
    def __init__(
        self, stream: io.TextIOWrapper, call: contextvars.ContextVar[int], mark: bytes
    ) -> None:
        encoding, write_through = stream.encoding, stream.write_through
        super().__init__(
            stream.detach(),
            encoding,
            # What was printed before a crash must be in the log; odd characters may not crash.
            errors="backslashreplace",
            line_buffering=True,
            write_through=write_through,
        )
        vars(self).update(mode="w")  # As Python's own have it.
        self._call = call
        self._mark = mark
        self._place = _place(self.fileno())
        # By thread as well: two that work for one call may not take each other's text.
        self._unfinished: dict[tuple[int, int], str] = {}

    def write(self, text: str, /) -> int:
        call_id = self._call.get(0)
        if not call_id or not isinstance(text, str):
            return super().write(text)
        key = call_id, threading.get_ident()
        whole, newline, rest = (self._unfinished.pop(key, "") + text).rpartition("\n")
        if len(rest) > MAX_UNFINISHED_CHARACTERS:
            whole, newline, rest = whole + newline, rest, ""
        if rest:
            self._unfinished[key] = rest
        if newline:
            self._send(call_id, whole + newline)
        return len(text)

    def flush(self) -> None:
        call_id = self._call.get(0)
        if call_id and (rest := self._unfinished.pop((call_id, threading.get_ident()), "")):
            self._send(call_id, rest)
        super().flush()

    def finish(self, call_id: int) -> None:
        for key in [key for key in self._unfinished if key[0] == call_id]:
            with contextlib.suppress(OSError, ValueError):  # The model has closed it.
                self._send(call_id, self._unfinished.pop(key, ""))

    def _send(self, call_id: int, text: str) -> None:
        descriptor = self.fileno()
        if _place(descriptor) != self._place:
            # The model has put something else in its place, to get at what is written.
            super().write(text)
            return
        for framed in marked(self._mark, call_id, text.encode("utf-8", "backslashreplace")):
            _write(descriptor, framed)


def _write(descriptor: int, framed: bytes) -> None:
    """Write to a pipe, all at once: what is no longer than ``PIPE_BUF`` is not cut."""
    while True:
        try:
            os.write(descriptor, framed)
            return
        except BlockingIOError:  # noqa: PERF203
            # A program of the model's has made the pipe, which it shares, one that does not wait.
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            poll.poll()


def _complete_lines_of_compiled_code() -> None:
    """Have C's ``printf`` write each line when it is complete, as Python's ``print`` does here.
    Into a pipe it would write 4 KB at a time: too late, and never when the process is killed."""
    libc = ctypes.CDLL(None)
    for name in ("stdout", "__stdoutp"):  # The latter is macOS's.
        with contextlib.suppress(ValueError):
            libc.setvbuf(ctypes.c_void_p.in_dll(libc, name), None, _LINE_BUFFERED, 0)


def _place(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino
