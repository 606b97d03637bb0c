"""Writes results to standard output or to a file. All other output goes to standard error."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import mimetypes
import os
import shutil
import sys
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from deepaas.cli.problems import CommandProblem, say

JSON = "application/json"
ANY = "*/*"
ARRAY_TYPES = {".npy": "application/x-npy", ".npz": "application/x-npz"}
"""NumPy's files by their suffixes."""

SHOWN_URL_CHARACTERS = 60

_ENDINGS = {
    **{media_type: suffix for suffix, media_type in ARRAY_TYPES.items()},
    "audio/flac": ".flac",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "image/webp": ".webp",
    "text/markdown": ".md",
    "text/plain": ".txt",
}
"""Suffixes that some versions of the standard library do not know, or have others for."""

_SHOWN_TEXTS = (
    "application/xml",
    "text/csv",
    "text/html",
    "text/markdown",
    "text/plain",
    "text/xml",
)
"""Not all of ``text/``: scripts for a shell are text too."""


@dataclass(frozen=True)
class CommandResult:
    """The result of a command: ``body``, or a file at ``path`` with it."""

    media_type: str
    body: bytes = b""
    path: Path | None = None

    @property
    def is_text(self) -> bool:
        return is_text(self.media_type)


class CommandOutput:
    """Writes results to the ``stream``, which is standard output, unless a file was given."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.stream: BinaryIO = sys.stdout.buffer
        self.is_terminal = sys.stdout.isatty()
        self.move(options)

    def move(self, options: argparse.Namespace) -> None:
        self._exact: str | None = options.output
        self._named: str | None = options.deepaas_method_output
        self._open: bool = options.open

    def keep_apart(self) -> None:
        """Redirect standard output to standard error, until the process ends.

        This includes C libraries and child processes. It is permanent because a model can print
        at any time.
        """
        sys.stdout.flush()
        # Before the redirection: it reads the position of a file, which a pipe does not have.
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(line_buffering=True, errors="backslashreplace")
        self.stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def print_text(self, text: str) -> None:
        with self._sending():
            self.stream.write(text.encode(errors="backslashreplace"))
            self.stream.flush()

    def write_text(self, text: str) -> None:
        self.write(
            CommandResult("text/plain", text.encode(errors="backslashreplace")), rename=False
        )

    def write_json(self, value: Any, *, rename: bool = False) -> None:
        """Write a result as JSON: indented on a terminal, in one line elsewhere."""
        text = json.dumps(value, ensure_ascii=False)
        self.write(CommandResult(JSON, text.encode(errors="backslashreplace")), rename=rename)

    def write(self, result: CommandResult, *, rename: bool = True) -> None:
        """Write a result.

        ``rename``: whether to add the suffix of the media type to ``--deepaas_method_output``, as
        DEEPaaS 2.x does for predictions.
        """
        target = self.target(result.media_type if rename else "")
        if target is None and (self._open or (self.is_terminal and not result.is_text)):
            target = _free_name(ending(result.media_type) or ".bin")
        if target is not None:
            _save(result, target)
            if self._open:
                _open_in_browser(target, result.media_type)
            return
        with self._sending():
            if self.is_terminal and result.media_type == JSON and result.path is None:
                result = CommandResult(JSON, _in_lines(result.body))
            _copy(result, self.stream)
            unfinished = result.path is not None or not result.body.endswith(b"\n")
            if unfinished and (result.media_type == JSON or (self.is_terminal and result.is_text)):
                self.stream.write(b"\n")
            self.stream.flush()

    def target(self, media_type: str = "") -> Path | None:
        """Return the file for the result, if one was given, with the suffix of its type."""
        if self._exact is not None:
            return Path(self._exact)
        if self._named is None:
            return None
        path = Path(self._named)
        wanted = ending(media_type)
        if wanted and path.suffix != wanted:
            path = path.with_name(path.name + wanted)
            say(f"the result is {media_type}, writing it to {path}")
        return path

    @contextlib.contextmanager
    def _sending(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            give_up(self.stream)
            if not isinstance(error, BrokenPipeError):  # Then the reader has closed the pipe.
                raise unwritable(error) from None


def give_up(stream: IO[Any]) -> None:
    """Discard all further output to a stream, and what is still in its buffer."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def unwritable(error: OSError) -> CommandProblem:
    return CommandProblem(f"could not write the result: {error.strerror or error}")


@contextlib.contextmanager
def writing(target: Path) -> Iterator[None]:
    """Raise errors of writing a file as ``CommandProblem``."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandProblem(f"could not write the result to {str(target)!r}: {reason}") from None


def is_text(media_type: str) -> bool:
    """Whether a terminal can show it."""
    media_type = _essence(media_type)
    return media_type.startswith("text/") or media_type.endswith(("/json", "+json", "/xml", "+xml"))


def is_for_browsers(media_type: str) -> bool:
    """Whether a browser shows it; anything else the system might run instead."""
    media_type = _essence(media_type)
    kind = media_type.partition("/")[0]
    shown = kind in ("audio", "image", "video") or media_type == "application/pdf"
    return shown or media_type in _SHOWN_TEXTS or media_type.endswith(("/json", "+json"))


def _open_in_browser(target: Path, media_type: str) -> None:
    if not is_for_browsers(media_type):
        say(f"{media_type} is not opened: browsers do not show it")
    elif not webbrowser.open(target.absolute().as_uri()):
        say("no browser can be opened here")


def _in_lines(body: bytes) -> bytes:
    text = json.dumps(_shortened(json.loads(body)), ensure_ascii=False, indent=2)
    return text.encode(errors="backslashreplace")


def _shortened(value: Any) -> Any:
    """A value with ``data:`` URLs cut, which nobody reads on a terminal."""
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value]
    if isinstance(value, str) and value.startswith("data:") and len(value) > SHOWN_URL_CHARACTERS:
        return f"{value[:SHOWN_URL_CHARACTERS]}… ({len(value)} characters)"
    return value


def ending(media_type: str) -> str | None:
    """Return the file name suffix of a media type, None if unknown."""
    essence = _essence(media_type)
    return _ENDINGS.get(essence) or mimetypes.guess_extension(essence, strict=False)


def _free_name(suffix: str) -> Path:
    """Return an unused file name for a result in the working directory."""
    names = (Path(f"result{number}{suffix}") for number in ("", *range(2, 10_000)))
    # Nor through a link that leads nowhere yet.
    return next((name for name in names if not os.path.lexists(name)), Path(f"result{suffix}"))


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _save(result: CommandResult, target: Path) -> None:
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            _copy(result, file)
    say(f"Result saved to {target}")


def _copy(result: CommandResult, stream: BinaryIO) -> None:
    if result.path is None:
        stream.write(result.body)
        return
    with result.path.open("rb") as file:
        shutil.copyfileobj(file, stream)
