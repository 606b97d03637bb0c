"""Writes results in parts: one JSON value per line (NDJSON), each as soon as it is available."""

from __future__ import annotations

import base64
import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from deepaas.cli.output import JSON, CommandOutput, CommandResult, give_up, unwritable, writing
from deepaas.cli.problems import MODEL_FAILED, CommandProblem, say
from deepaas.cli.status import Rest


class Enough(Exception):
    """The reader has closed the pipe, so the model must stop."""


class ResultLines:
    """Writes what a model yields; ``write`` gets a line, and returns once it is sent."""

    def __init__(self, write: Callable[[bytes], None], *, may_be_seen: bool) -> None:
        self._write = write
        self._may_be_seen = may_be_seen
        self._rest: Rest | None = None

    def rest_before_each(self, rest: Rest) -> None:
        self._rest = rest if self._may_be_seen else None

    def result(self, result: CommandResult) -> None:
        """Write a result; as hosts do, other media types than JSON as ``data:`` URLs."""
        body = result.body
        if result.path is not None:
            body = result.path.read_bytes()
            result.path.unlink()
        essence = result.media_type.partition(";")[0].strip()
        if essence != JSON and not essence.endswith("+json"):
            self.value(f"data:{essence};base64,{base64.b64encode(body).decode()}")
            return
        try:
            value = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise CommandProblem(f"the result is not valid JSON: {error}", MODEL_FAILED) from None
        self.value(value)

    def value(self, value: Any) -> None:
        """Write a JSON value. Raises ``Enough`` if the reader has closed the pipe."""
        if self._rest is not None:
            self._rest()
        text = json.dumps(value, ensure_ascii=False)
        self._write(text.encode(errors="backslashreplace") + b"\n")


@contextlib.contextmanager
def open_lines(output: CommandOutput) -> Iterator[ResultLines]:
    """Open the output for lines."""
    target = output.target()
    if target is None:
        with contextlib.suppress(Enough):
            yield ResultLines(_to_stream(output.stream), may_be_seen=True)
        return
    # The model may change the working directory.
    with contextlib.closing(_LineFile(target.absolute())) as file:
        yield ResultLines(file.write, may_be_seen=False)
        file.write(b"")
    say(f"Result saved to {target}")


class _LineFile:
    """Created with the first line, so that a rejected call does not replace the last result."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def write(self, line: bytes) -> None:
        with writing(self._path):
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("wb")
            _send(self._file, line)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _to_stream(stream: BinaryIO) -> Callable[[bytes], None]:
    def write(line: bytes) -> None:
        try:
            _send(stream, line)
        except OSError as error:
            give_up(stream)
            if isinstance(error, BrokenPipeError):
                raise Enough from None
            raise unwritable(error) from None

    return write


def _send(file: BinaryIO, data: bytes) -> None:
    """Write without the buffer, which would wait for its reader even after an interrupt."""
    left = memoryview(data)
    while left:
        left = left[os.write(file.fileno(), left) :]
