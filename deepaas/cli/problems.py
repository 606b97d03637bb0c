"""What goes wrong: exit codes, and the words for it."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import deepaas

OK = 0
MODEL_FAILED = 1
WRONG_USAGE = 2
HOST_FAILED = 3
INTERRUPTED = 130

EXIT_CODES = f"""\
exit codes:
  {OK}    it worked
  {MODEL_FAILED}    the model failed or refused, or a check found errors
  {WRONG_USAGE}    wrong options or arguments, or no such model
  {HOST_FAILED}    the host does not answer, or cannot serve now
  {INTERRUPTED}  interrupted with Ctrl-C
"""

_OURS = f"{Path(deepaas.__file__).parent}/"
_IMPORTLIB = f"{Path(importlib.__file__).parent}/"
_ASYNCIO = f"{Path(importlib.__file__).parents[1] / 'asyncio'}/"


class CommandProblem(Exception):
    """Ends a command with a message for people."""

    def __init__(self, message: str, code: int = WRONG_USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def say(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr, flush=True)


def shown_url(url: str) -> str:
    """The URL of a host without a password."""
    scheme, separator, rest = url.partition("://")
    address, slash, path = rest.partition("/")
    return f"{scheme}{separator}{address.rpartition('@')[2]}{slash}{path}"


def bad_arguments(function: str, fields: Mapping[str, Any]) -> CommandProblem:
    """The messages of a validation, one line each; nested as marshmallow gives them."""
    lines = [f"  --{name}: {message}" for name, value in fields.items() for message in _flat(value)]
    return CommandProblem(
        "\n".join(
            [
                f"{function} does not take these arguments:",
                *lines,
                f"see 'deepaas-cli {function} --help'",
            ]
        )
    )


def _flat(value: Any, where: str = "") -> Iterable[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{where}.{key}" if where else str(key))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _flat(item, where)
    else:
        yield f"{where}: {value}" if where else str(value)


def show_traceback(error: BaseException, *, whole: bool) -> None:
    """Print the traceback of an error in the author's code, on demand with our frames too."""
    told = traceback.TracebackException.from_exception(error)
    if not whole:
        seen: set[int] = set()
        _trim(told, seen)
    print("".join(told.format()), end="", file=sys.stderr, flush=True)


def _trim(told: traceback.TracebackException, seen: set[int]) -> None:
    """Leave away what does not belong to the author, in the causes as well."""
    if id(told) in seen:
        return
    seen.add(id(told))
    frames = list(told.stack)
    while frames and not _is_authors(frames[0].filename):
        frames.pop(0)
    told.stack = traceback.StackSummary.from_list(
        [frame for frame in frames if not frame.filename.startswith("<frozen importlib")]
    )
    for other in (told.__cause__, told.__context__):
        if other is not None:
            _trim(other, seen)


def _is_authors(filename: str) -> bool:
    return not filename.startswith(("<frozen ", _OURS, _IMPORTLIB, _ASYNCIO))
