"""Arguments of a model as options of a command."""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepaas.cli.problems import CommandProblem

NOTHING: Any = object()

MAX_CHOICES_CHARACTERS = 30
"""Longer choices are listed below an option instead of next to it."""

ONE, SWITCH, MANY, STRUCTURE, FILE, FILES = "one", "switch", "many", "structure", "file", "files"
TENSOR = "tensor"


@dataclass(frozen=True)
class Option:
    """One argument of a model.

    Attributes:
        shape: form and number of values, one of the constants above.
        kind: type of a value, as a word for users: "integer", "text", "date", …
        place: location in a request; empty for any.
        quoted: for a list: whether its items are strings, so that `1,2` is one item.
    """

    name: str
    shape: str = ONE
    kind: str = "text"
    description: str = ""
    required: bool = False
    default: Any = NOTHING
    choices: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    place: str = ""
    flags: tuple[str, ...] = ()
    quoted: bool = False

    @property
    def dest(self) -> str:
        """Name of its value in the parsed options; differs from the command's own options."""
        return f"argument {self.name}"

    @property
    def metavar(self) -> str:
        listed = "{" + ",".join(self.choices) + "}"
        if self.choices and len(listed) <= MAX_CHOICES_CHARACTERS:
            return listed
        words = {FILE: "FILE", FILES: "FILE", STRUCTURE: "JSON", SWITCH: "true|false"}
        words[TENSOR] = "JSON|@FILE"
        return words.get(self.shape, self.kind.upper())

    @property
    def help(self) -> str:
        """The author's description, followed by the valid values."""
        facts = list(self.limits)
        if self.choices and not self.metavar.startswith("{"):
            facts.append(f"one of: {', '.join(self.choices)}")
        if not self.required and self.default is not NOTHING and self.default is not None:
            facts.append(f"default: {shown(self.default)}")
        words = " ".join(self.description.split())
        return "\n".join(part for part in (words, "; ".join(facts)) if part)


def shown(value: Any) -> str:
    """Return a value as a user would type it."""
    if isinstance(value, str):
        return value or "''"
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return str(value)


def add_to(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    """Add the arguments of a model to a parser, required ones first."""
    needed = parser.add_argument_group("required arguments of the model")
    others = parser.add_argument_group("arguments of the model")
    for option in options:
        more: dict[str, Any] = {}
        if option.shape in (MANY, FILES):
            more = {"nargs": "+", "action": "extend"}
        elif option.shape == SWITCH:
            more = {"nargs": "?", "const": "true"}
        group = needed if option.required else others
        group.add_argument(
            f"--{option.name}",
            *option.flags,
            dest=option.dest,
            default=argparse.SUPPRESS,
            metavar=option.metavar,
            help=option.help.replace("%", "%%") or None,
            **more,
        )


def read(options: Sequence[Option], parsed: argparse.Namespace) -> dict[str, Any]:
    """Return the given values by name.

    These are strings, lists, paths of files, or parsed JSON for nested values; either for a
    tensor. This only checks that files exist: the model's own fields validate the values.
    """
    values = {}
    for option in options:
        value = getattr(parsed, option.dest, NOTHING)
        if value is not NOTHING:
            reader = _READERS.get(option.shape)
            values[option.name] = value if reader is None else reader(option, value)
    return values


def _many(option: Option, given: list[str]) -> list[Any]:
    """Read several values, or one list, as in DEEPaaS 2.x."""
    if len(given) == 1 and (not option.quoted or given[0].lstrip()[:1] in ("[", "(", '"', "'")):
        value = _literal(given[0])
        if isinstance(value, (list, tuple)):
            return list(value)
    return given


def _structure(option: Option, given: str) -> Any:
    value = _literal(given)
    if value is NOTHING:
        raise CommandProblem(f"--{option.name}: invalid JSON: {given}")
    return value


def _literal(text: str) -> Any:
    """Parse JSON, or a Python literal as in DEEPaaS 2.x."""
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)
    with contextlib.suppress(ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return ast.literal_eval(text)
    return NOTHING


def _file(option: Option, given: str) -> Path:
    path = Path(given)
    try:
        if path.exists() and not path.is_file():
            raise CommandProblem(f"--{option.name}: {given!r} is not a file")
        with path.open("rb"):
            return path
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandProblem(f"--{option.name}: could not read {given!r}: {reason}") from None


def _tensor(option: Option, given: str) -> Any:
    if given.startswith("@"):
        return _file(option, given[1:])
    value = _literal(given)
    if value is NOTHING:
        file = given if Path(given).is_file() else "FILE"
        raise CommandProblem(f"--{option.name}: invalid JSON. For a file, write @{file}")
    return value


def _files(option: Option, given: list[str]) -> list[Path]:
    return [_file(option, one) for one in given]


_READERS: dict[str, Callable[[Option, Any], Any]] = {
    MANY: _many,
    STRUCTURE: _structure,
    FILE: _file,
    FILES: _files,
    TENSOR: _tensor,
}
