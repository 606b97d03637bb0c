"""Declares options of the host and of doors.

A door declares its options in a frozen dataclass whose fields are created with :func:`option`. An
entry point in the group ``deepaas.protocol.options`` with the name of the door refers to it. So
``--help`` and the sample file list them without importing routes.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from deepaas import plugins

GROUP = "deepaas.protocol.options"

Field = dataclasses.Field[Any]


def option(
    default: Any,
    text: str,
    *,
    secret: bool = False,
    multiple: bool = False,
    port: bool = False,
    choices: Sequence[str] | None = None,
    min: float | None = None,
    max: float | None = None,
    short: str | None = None,
    was: str | None = None,
    group: str | None = None,
    unit: str | None = None,
    rare: bool = False,
    separator: str | None = None,
) -> Any:
    """Return a field of a dataclass of options.

    Args:
        default: all values have its type; ``()`` for several strings.
        secret: hide it from models and from the log.
        choices: the case of a value does not matter.
        short: one letter, for the command line; not for doors.
        was: for doors: its former name in ``[DEFAULT]``, which still works.
        group: the heading in ``--help``; not for doors, which have their own.
        unit: the placeholder of its value in ``--help``: ``SECONDS``, ``BYTES``, ``PATH``, …
        separator: of several values in an environment variable, a comma by default.
        rare: only shown by ``--help-all``, like all options of doors.
    """
    switches = {"secret": secret, "multiple": multiple, "port": port, "rare": rare}
    others = {"choices": choices, "min": min, "max": max, "short": short, "was": was}
    others |= {"group": group, "unit": unit, "separator": separator}
    about: dict[str, Any] = {key: True for key, value in switches.items() if value}
    about |= {key: value for key, value in others.items() if value is not None}
    return dataclasses.field(default=default, metadata={"help": text, **about})


def declared(kind: Any) -> list[Field]:
    return [field for field in dataclasses.fields(kind) if "help" in field.metadata]


def variable(section: str, name: str) -> str:
    """Return the environment variable of oslo.config, and so of DEEPaaS 2.x."""
    return f"OS_{section.upper()}__{name.upper()}"


def short_variable(words: str) -> str:
    """Return the environment variable for the name on the command line."""
    return f"DEEPAAS_{words.replace('-', '_').upper()}"


def variables(field: Field) -> list[str]:
    """Return the variables of an option of the host; the first one that is set is used."""
    return [short_variable(field.name), variable("default", field.name)]


@dataclass(frozen=True)
class DoorOptions:
    """The options of a door; ``kind`` is None if they could not be loaded, see ``trouble``."""

    door: str
    kind: type[Any] | None = None
    trouble: Exception | None = None

    @property
    def section(self) -> str:
        """Section of INI files. It has no dashes because variables cannot have them."""
        return self.door.replace("-", "_").lower()

    @property
    def fields(self) -> list[Field]:
        return [] if self.kind is None else declared(self.kind)

    @property
    def title(self) -> str:
        return (getattr(self.kind, "__doc__", None) or self.door).strip().partition("\n")[0]

    def command_line(self, field: Field) -> str:
        return f"{self.door}-{field.name.replace('_', '-')}"

    def variables(self, field: Field) -> list[str]:
        """Return its environment variables; the first one that is set is used."""
        was = field.metadata.get("was")
        older = [variable("default", was)] if was else []
        short = short_variable(self.command_line(field))
        return [short, variable(self.section, field.name), *older]

    @property
    def prefixes(self) -> list[str]:
        """Prefixes of its environment variables."""
        return [short_variable(f"{self.door}_"), variable(self.section, "")]


@cache
def of_doors() -> Sequence[DoorOptions]:
    found: dict[str, DoorOptions] = {}
    for point in plugins.in_order(GROUP):
        if point.name not in found:
            found[point.name] = _loaded(point)
    return list(found.values())


def _loaded(point: importlib.metadata.EntryPoint) -> DoorOptions:
    try:
        kind = point.load()
        if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
            raise TypeError(f"{point.value} is not a dataclass")
        kind()  # All other fields must have a default.
    except Exception as error:
        return DoorOptions(point.name, None, error)
    return DoorOptions(point.name, kind)
