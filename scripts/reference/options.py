"""The options of ``deepaas-run``, from ``deepaas.settings.Settings`` and what doors declare."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deepaas.config import door_options
from deepaas.options import DoorOptions, Field, declared, variables
from deepaas.settings import Settings
from scripts.reference.pages import table


@dataclass(frozen=True)
class _Told:
    """An option and its names: on the command line, in files, in the environment."""

    field: Field
    name: str
    key: str
    variables: Sequence[str]


def part() -> str:
    """An overview, then one section per option; those of doors by door."""
    own = [
        _Told(one, one.name.replace("_", "-"), f"`{one.name}`", variables(one))
        for one in declared(Settings)
    ]
    doors = {door: [_of_door(door, one) for one in door.fields] for door in door_options()}
    every = [*own, *(one for options in doors.values() for one in options)]
    overview = table(
        ["option", "default"],
        [[f"[`--{one.name}`](#option-{one.name})", _default(one.field)] for one in every],
    )
    sections = [overview, *map(_section, own)]
    for door, options in doors.items():
        if options:
            sections += [f"## Options of `{door.door}`", door.title, *map(_section, options)]
    return "\n\n".join(sections)


def _of_door(door: DoorOptions, field: Field) -> _Told:
    was = field.metadata.get("was")
    older = f" or `{was}` in `[DEFAULT]`" if was else ""
    key = f"`{field.name}` in `[{door.section}]`{older}"
    return _Told(field, door.command_line(field), key, door.variables(field))


def _section(told: _Told) -> str:
    name, field = told.name, told.field
    forms = [f"`--{name}`"]
    if field.metadata.get("short"):
        forms.append(f"`-{field.metadata['short']}`")
    if isinstance(field.default, bool):
        forms.append(f"`--no{name}` or `--no-{name}`")
    facts = [
        ", ".join(forms),
        f"INI {told.key}",
        f"environment {' or '.join(f'`{name}`' for name in told.variables)}",
        _value(field),
        f"default: {_default(field)}",
    ]
    return f"(option-{name})=\n\n### `--{name}`\n\n{_help(field)}\n\n{' · '.join(facts)}"


def _help(field: Field) -> str:
    # What is to be typed stands out: paths, URLs, names in capitals with underscores.
    code = r"(?<![\w`'])(/[\w-]+/?|\$\w+[\w/]*|~/[\w./]+|postgresql\S+[A-Z]|[A-Z]+(?:_[A-Z0-9]+)+)"
    text = re.sub(code, r"`\1`", field.metadata["help"])
    return re.sub(r"\b(deepaas\[\w+\])", r"`\1`", re.sub(r"'([^' ]+)'", r"`\1`", text))


def _value(field: Field) -> str:
    about = field.metadata
    if about.get("choices"):
        return ", ".join(f"`{choice}`" for choice in about["choices"])
    if about.get("port"):
        return "a port, 0 to 65535"
    if about.get("multiple"):
        return "a name; can be repeated"
    kinds = {bool: "on or off (`true`, `false` in a file)", int: "an integer", str: "text"}
    kind = kinds.get(type(field.default), "a number")
    if about.get("unit") in ("SECONDS", "BYTES"):
        kind = f"{kind} of {about['unit'].lower()}"
    return f"{kind}, at least {about['min']}" if "min" in about else kind


def _default(field: Field) -> str:
    if isinstance(field.default, bool):
        return "on" if field.default else "off"
    if field.default in ((), ""):
        return "none"
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"
