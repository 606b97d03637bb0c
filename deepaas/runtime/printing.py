"""Marks the output of a model with the call that it belongs to.

With one call at a time, all output during the call belongs to it. With several, only this process
can assign it, and only output of Python code. It is marked (``printed.MarkedOutput``) in the pipe
itself: this keeps the order with output of compiled code and programs, and nothing is lost if the
process dies.
"""

from __future__ import annotations

import contextlib
import contextvars
import ctypes
import io
import os
import select
import sys
import threading

from deepaas.printed import marked

_LINE_BUFFERED = 1
"""``_IOLBF`` of C, on Linux and macOS."""

MAX_UNFINISHED_CHARACTERS = 8192
"""How much is buffered until its line is complete."""


class Printing:
    """The standard streams of this process; ``mark`` is secret."""

    def __init__(self) -> None:
        self.mark = os.urandom(16)
        self._call: contextvars.ContextVar[int] = contextvars.ContextVar("deepaas_call")
        self._streams: list[_Stream] = []

    def install(self) -> None:
        """Replace the streams, before the model's code can keep a reference to one."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if isinstance(stream, io.TextIOWrapper):
                made = _Stream(stream, self._call, self.mark)
                self._streams.append(made)
                vars(sys).update({name: made, f"__{name}__": made})
        if not any(stream.write_through for stream in self._streams):  # With PYTHONUNBUFFERED.
            _complete_lines_of_compiled_code()

    def begin(self, call_id: int) -> None:
        """Assign the output of the current task, and of tasks that it starts, to this call."""
        self._call.set(call_id)

    def end(self, call_id: int) -> None:
        """End a call: write the rest of its output, which has no line break."""
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
            # Output before a crash must be in the log; invalid characters must not raise.
            errors="backslashreplace",
            line_buffering=True,
            write_through=write_through,
        )
        vars(self).update(mode="w")  # Like Python's own streams.
        self._call = call
        self._mark = mark
        self._place = _place(self.fileno())
        # Also by thread, so that threads of one call do not mix their text.
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
            with contextlib.suppress(OSError, ValueError):  # Closed by the model.
                self._send(call_id, self._unfinished.pop(key, ""))

    def _send(self, call_id: int, text: str) -> None:
        descriptor = self.fileno()
        if _place(descriptor) != self._place:
            # The model has redirected the descriptor.
            super().write(text)
            return
        for framed in marked(self._mark, call_id, text.encode("utf-8", "backslashreplace")):
            _write(descriptor, framed)


def _write(descriptor: int, framed: bytes) -> None:
    """Write to a pipe atomically, which works up to ``PIPE_BUF``."""
    while True:
        try:
            os.write(descriptor, framed)
            return
        except BlockingIOError:  # noqa: PERF203
            # A program of the model has made the shared pipe non-blocking.
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            poll.poll()


def _complete_lines_of_compiled_code() -> None:
    """Make ``printf`` of C write complete lines, like Python's ``print`` here. Into a pipe it would
    write 4 KB at a time: too late, and never if the process is killed."""
    libc = ctypes.CDLL(None)
    for name in ("stdout", "__stdoutp"):  # The latter is for macOS.
        with contextlib.suppress(ValueError):
            libc.setvbuf(ctypes.c_void_p.in_dll(libc, name), None, _LINE_BUFFERED, 0)


def _place(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino
