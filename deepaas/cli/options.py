"""The arguments of a model as options of a command, wherever the model is."""

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
"""Longer choices are listed below an option instead of beside it."""

ONE, SWITCH, MANY, STRUCTURE, FILE, FILES = "one", "switch", "many", "structure", "file", "files"
TENSOR = "tensor"


@dataclass(frozen=True)
class Option:
    """One argument of a model.

    Attributes:
        shape: how many values of which form: one of the words above.
        kind: what a value is, in a word for people: "integer", "text", "date", …
        place: where it has to stand in a request; empty for anywhere.
        quoted: for a list: whether its items are text, so that `1,2` is one of them.
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
        """Where its value is in the parsed options, apart from the command's own."""
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
        """The author's words, and below them what a value has to be."""
        facts = list(self.limits)
        if self.choices and not self.metavar.startswith("{"):
            facts.append(f"one of: {', '.join(self.choices)}")
        if not self.required and self.default is not NOTHING and self.default is not None:
            facts.append(f"default: {shown(self.default)}")
        words = " ".join(self.description.split())
        return "\n".join(part for part in (words, "; ".join(facts)) if part)


def shown(value: Any) -> str:
    """A value as it would be typed."""
    if isinstance(value, str):
        return value or "''"
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return str(value)


def add_to(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    """Let a parser take the arguments of a model, those that are required first."""
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
    """The values that were given, by the names of the arguments.

    Texts; lists; paths of files; for what is nested, what its JSON says; either for a tensor.
    Nothing is checked here but whether files are there: the model's own fields do that.
    """
    values = {}
    for option in options:
        value = getattr(parsed, option.dest, NOTHING)
        if value is not NOTHING:
            reader = _READERS.get(option.shape)
            values[option.name] = value if reader is None else reader(option, value)
    return values


def _many(option: Option, given: list[str]) -> list[Any]:
    """Several values, or one that is written as a list, as DEEPaaS 2.x wants it."""
    if len(given) == 1 and (not option.quoted or given[0].lstrip()[:1] in ("[", "(", '"', "'")):
        value = _literal(given[0])
        if isinstance(value, (list, tuple)):
            return list(value)
    return given


def _structure(option: Option, given: str) -> Any:
    value = _literal(given)
    if value is NOTHING:
        raise CommandProblem(f"--{option.name}: this is not JSON: {given}")
    return value


def _literal(text: str) -> Any:
    """What a text says in JSON, or in Python as DEEPaaS 2.x has it."""
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
        raise CommandProblem(
            f"--{option.name}: the file {given!r} cannot be read: {reason}"
        ) from None


def _tensor(option: Option, given: str) -> Any:
    if given.startswith("@"):
        return _file(option, given[1:])
    value = _literal(given)
    if value is NOTHING:
        hint = f": for the file, @{given}" if Path(given).is_file() else ": for a file, @FILE"
        raise CommandProblem(f"--{option.name}: this is not JSON{hint}")
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
