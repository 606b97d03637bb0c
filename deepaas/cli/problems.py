"""Errors of commands: exit codes and messages."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from deepaas.visible import visible

OK = 0
MODEL_FAILED = 1
WRONG_USAGE = 2
HOST_FAILED = 3
INTERRUPTED = 130

EXIT_CODES = f"""\
exit codes:
  {OK}    success
  {MODEL_FAILED}    the model failed, or a check found errors
  {WRONG_USAGE}    invalid options or arguments, or no such model
  {HOST_FAILED}    the host is unavailable
  {INTERRUPTED}  interrupted with Ctrl-C
"""


class CommandProblem(Exception):
    """Ends a command with a message for users."""

    def __init__(self, message: str, code: int = WRONG_USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def say(*lines: str) -> None:
    if not lines:
        return
    # A host says much of it, or a model.
    print(visible("\n".join(lines)), file=sys.stderr, flush=True)


def shown_url(url: str) -> str:
    """Return the URL of a host without its password."""
    scheme, separator, rest = url.partition("://")
    address, slash, path = rest.partition("/")
    return f"{scheme}{separator}{address.rpartition('@')[2]}{slash}{path}"


def bad_arguments(function: str, fields: Mapping[str, Any]) -> CommandProblem:
    """List validation messages, one line each; ``fields`` is nested as in marshmallow."""
    lines = [f"  --{name}: {message}" for name, value in fields.items() for message in _flat(value)]
    return CommandProblem(
        "\n".join(
            [
                f"invalid arguments of {function}:",
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
