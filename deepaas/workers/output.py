"""Writes the output of models to the log, line by line, marked with the worker."""

from __future__ import annotations

import asyncio
import codecs
import logging
import os
import re
import select
from collections.abc import Callable

from deepaas.printed import MarkedOutput
from deepaas.request_context import NO_REQUEST, RequestContext

MAX_LINE_CHARACTERS = 4000
READ_BYTES = 256 * 1024

_log = logging.getLogger("deepaas.output")

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]|[\x00-\x08\x0b-\x1f\x7f]")
"""Terminal sequences and control characters, as used by banners and animations."""


class WorkerOutput(asyncio.Protocol):
    """Reads the pipe with a worker's standard output and error.

    There is one log record per read and call, with any number of lines: a model that prints
    megabytes costs the host little, and the pipe makes it wait if necessary. `heard` gets text with
    the id of its call, 0 if unknown.
    """

    def __init__(self, label: str, descriptor: int = -1) -> None:
        self.heard: Callable[[int, str], None] | None = None
        self._label = label
        self._descriptor = descriptor
        self._poll = select.poll()  # Much cheaper than a read without data.
        if descriptor >= 0:
            self._poll.register(descriptor, select.POLLIN)
        self._marked = MarkedOutput()
        self._unsaid = _Lines()
        self._of_calls: dict[int, _Lines] = {}
        self._contexts: dict[int, RequestContext | None] = {}

    def tell_apart(self, mark: bytes) -> None:
        """From here on, output may be marked with its call, see ``printed.MarkedOutput``."""
        self._marked.mark = mark

    def begin(self, call_id: int, context: RequestContext | None, *, apart: bool) -> None:
        """`apart`: other calls may run at the same time."""
        self._contexts[call_id] = context
        if apart:
            self._of_calls[call_id] = _Lines()

    def end(self, call_id: int) -> None:
        lines = self._of_calls.pop(call_id, self._unsaid)
        if lines.rest and (lines is not self._unsaid or len(self._contexts) == 1):
            self._write(lines.end(), self._context(call_id))
        self._contexts.pop(call_id, None)

    def drain(self) -> None:
        """Read what is in the pipe: output before an answer belongs to its call."""
        try:
            while self._poll.poll(0) and (data := os.read(self._descriptor, READ_BYTES)):
                self.data_received(data)
        except OSError:
            pass  # No data, or the pipe is closed.

    def data_received(self, data: bytes) -> None:
        self._take(self._marked.feed(data))

    def connection_lost(self, _error: Exception | None) -> None:
        # The descriptor may be reused from now on.
        self._descriptor, self._poll = -1, select.poll()
        self._take([(0, self._marked.end())])
        for call_id, lines in [(0, self._unsaid), *self._of_calls.items()]:
            self._write(lines.end(), self._context(call_id))

    def _take(self, pieces: list[tuple[int, bytes]]) -> None:
        whole: list[str] = []
        context: RequestContext | None = None
        for call_id, piece in pieces:
            # Output after the end of its call only goes to the log.
            text, lines = self._of_calls.get(call_id, self._unsaid).feed(piece)
            if lines:
                of_piece = self._context(call_id)
                if of_piece is not context:
                    self._write(whole, context)
                    whole, context = [], of_piece
                whole += lines
            if self.heard is not None:
                self.heard(call_id, text)
        self._write(whole, context)

    def _context(self, call_id: int) -> RequestContext | None:
        """The request of a call; output without a mark is that of the only call."""
        if not call_id and len(self._contexts) == 1:
            (only,) = self._contexts.values()
            return only
        return self._contexts.get(call_id)

    def _write(self, lines: list[str], context: RequestContext | None) -> None:
        shown = [f"[{self._label}] {line}" for line in map(_clean, lines) if line]
        if shown:
            about = context.details() if context is not None else NO_REQUEST
            _log.info("%s", "\n".join(shown), extra={"about": about, "lines": shown})


class _Lines:
    def __init__(self) -> None:
        self.rest = ""
        # A character may be split between two reads.
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def feed(self, data: bytes) -> tuple[str, list[str]]:
        """The decoded text, and the complete lines."""
        decoded = self._decoder.decode(data)
        *lines, self.rest = (self.rest + decoded).split("\n")
        if len(self.rest) > MAX_LINE_CHARACTERS:
            lines.append(self.rest)
            self.rest = ""
        return decoded, lines

    def end(self) -> list[str]:
        rest, self.rest = self.rest, ""
        return [rest]


async def log_output(descriptor: int, label: str) -> WorkerOutput:
    """`descriptor`: the read end, which is closed afterwards."""
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    output = WorkerOutput(label, descriptor)
    await asyncio.get_running_loop().connect_read_pipe(lambda: output, pipe)
    return output


def _clean(line: str) -> str:
    # Text before a carriage return is an earlier frame of an animation.
    shown = line.rstrip("\r").rpartition("\r")[2]
    shown = _CONTROL.sub("", shown).rstrip()
    if len(shown) > MAX_LINE_CHARACTERS:
        return shown[:MAX_LINE_CHARACTERS] + "…"
    return shown
