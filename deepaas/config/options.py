"""Converts the options of the host and of doors to options of oslo.config."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

from deepaas.options import DoorOptions, Field, declared, of_doors
from deepaas.settings import Settings

POSITIONAL = cfg.MultiStrOpt(
    "models", default=[], positional=True, help="Models to serve, as for --model-name."
)


@functools.cache
def options() -> Sequence[cfg.Opt]:
    return [_to_oslo(field) for field in declared(Settings)]


def door_options() -> list[DoorOptions]:
    """Return the options of doors, without those that conflict with others."""
    found: list[DoorOptions] = []
    for door in of_doors():
        trouble = door.trouble or _trouble(door, tuple(found))
        found.append(DoorOptions(door.door, None, trouble) if trouble else door)
    return found


@functools.cache
def _trouble(door: DoorOptions, others: tuple[DoorOptions, ...]) -> Exception | None:
    taken = {"default", *(option.dest for option in options()), *(one.section for one in others)}
    if door.section in taken:
        return ValueError(f"the section [{door.section}] is already used")
    try:
        # Try it out, to find duplicate names, and invalid limits and defaults.
        registered([*others, door])([], default_config_files=[], default_config_dirs=[])
    except Exception as error:
        return error
    return None


def list_opts() -> list[tuple[Any, Sequence[cfg.Opt]]]:
    """Return the options for ``oslo-config-generator``."""
    doors = [(_group(door), of_door(door)) for door in door_options() if door.kind]
    return [("DEFAULT", options()), *doors]


def registered(doors: Sequence[DoorOptions]) -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    conf.register_cli_opts([*options(), POSITIONAL])
    for door in doors:
        conf.register_cli_opts(of_door(door), _group(door))
        conf.register_opts(older(door))
    return conf


class _Option:
    """Equal to itself only: oslo.config compares each option with all others, value by value, which
    takes a third of the time that reading the options takes."""

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    __hash__ = object.__hash__


class _OfDoor(_Option):
    """Uses the full name on the command line; oslo.config would add the section as a prefix."""

    def _get_argparse_prefix(self, prefix: str, _group: str | None) -> str:
        return prefix


@functools.cache
def of_door(door: DoorOptions) -> Sequence[cfg.Opt]:
    return [
        _to_oslo(field, door.command_line(field), _OfDoor, dest=field.name) for field in door.fields
    ]


@functools.cache
def older(door: DoorOptions) -> Sequence[cfg.Opt]:
    return [
        _to_oslo(field, field.metadata["was"], default=None)
        for field in door.fields
        if "was" in field.metadata
    ]


def _group(door: DoorOptions) -> cfg.OptGroup:
    return cfg.OptGroup(door.section, title=f"options of {door.door}", help=door.title)


def every(doors: Sequence[DoorOptions]) -> list[cfg.Opt]:
    return [*options(), *(option for door in doors for option in of_door(door))]


def by_key(doors: Sequence[DoorOptions]) -> dict[tuple[str, str], cfg.Opt]:
    """Return the options by section and key in files, including former names."""
    pairs = [("DEFAULT", option) for option in options()]
    for door in doors:
        pairs += [("DEFAULT", option) for option in older(door)]
        pairs += [(door.section, option) for option in of_door(door)]
    return {(section, option.dest): option for section, option in pairs}


_NOT_OF_OSLO = frozenset(["was", "group", "unit", "rare", "separator"])

_KINDS: dict[type, type[Any]] = {
    bool: cfg.BoolOpt,
    int: cfg.IntOpt,
    float: cfg.FloatOpt,
    str: cfg.StrOpt,
}


@functools.cache
def _kind(of: type[Any], manner: type) -> Any:
    return type(of.__name__, (manner, of), {})


def _to_oslo(field: Field, name: str = "", manner: type = _Option, **more: Any) -> cfg.Opt:
    about = {key: value for key, value in field.metadata.items() if key not in _NOT_OF_OSLO}
    about["default"] = field.default
    if "choices" in about:
        about["ignore_case"] = True
    if field.metadata.get("unit") in ("SECONDS", "BYTES"):
        about["help"] += f" In {field.metadata['unit'].lower()}."
    kind: Any = _KINDS.get(type(field.default))
    if about.pop("multiple", False):
        kind, about["default"] = cfg.MultiStrOpt, []
    elif about.pop("port", False):
        kind = cfg.PortOpt
    if kind is None:
        raise TypeError(f"{field.name}: no option has a default of {type(field.default)}")
    made: cfg.Opt = _kind(kind, manner)(name or field.name.replace("_", "-"), **about | more)
    return made
