"""How options are declared: the host's own, and those of doors.

A door declares its own in a frozen dataclass whose fields are made with :func:`option`, behind an
entry point of the group ``deepaas.protocol.options`` with the name of the door. So ``--help`` and
the sample file have them without importing a route.
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
) -> Any:
    """A field of a dataclass of options.

    Args:
        default: its type is that of all values, ``()`` for texts of which there may be several.
        secret: whether models must not see it, and the log not show it.
        choices: given in any case, read as written here.
        short: one letter, for the command line; not for doors.
        was: of a door: what it was called when it stood in ``[DEFAULT]``, where it is found still.
        group: the heading in ``--help`` that it stands below; not for doors, which have their own.
        unit: what stands for its value in ``--help``: ``SECONDS``, ``BYTES``, ``PATH``, …
        rare: shown by ``--help-all`` only, as are all options of doors.
    """
    switches = {"secret": secret, "multiple": multiple, "port": port, "rare": rare}
    others = {"choices": choices, "min": min, "max": max, "short": short, "was": was}
    others |= {"group": group, "unit": unit}
    about: dict[str, Any] = {key: True for key, value in switches.items() if value}
    about |= {key: value for key, value in others.items() if value is not None}
    return dataclasses.field(default=default, metadata={"help": text, **about})


def declared(kind: Any) -> list[Field]:
    return [field for field in dataclasses.fields(kind) if "help" in field.metadata]


def variable(section: str, name: str) -> str:
    """As oslo.config, and so DEEPaaS 2.x, calls it."""
    return f"OS_{section.upper()}__{name.upper()}"


def short_variable(words: str) -> str:
    """By the name on the command line."""
    return f"DEEPAAS_{words.replace('-', '_').upper()}"


def variables(field: Field) -> list[str]:
    """Of an option of the host: of several that are set, the first counts."""
    return [short_variable(field.name), variable("default", field.name)]


@dataclass(frozen=True)
class DoorOptions:
    """What a door has declared; ``kind`` is None if that cannot be had, for ``trouble``."""

    door: str
    kind: type[Any] | None = None
    trouble: Exception | None = None

    @property
    def section(self) -> str:
        """Of INI files; the environment knows no dashes."""
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
        """Of several that are set, the first counts."""
        was = field.metadata.get("was")
        older = [variable("default", was)] if was else []
        short = short_variable(self.command_line(field))
        return [short, variable(self.section, field.name), *older]

    @property
    def prefixes(self) -> list[str]:
        """Of its variables, whichever options it has."""
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
            raise TypeError(f"{point.value} is no dataclass")
        kind()  # All that is no option must have a default.
    except Exception as error:
        return DoorOptions(point.name, None, error)
    return DoorOptions(point.name, kind)
