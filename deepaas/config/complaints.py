"""Error messages for options: what is accepted, and where the wrong value is set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from oslo_config import cfg, types

from deepaas.config.environment import names_by_key
from deepaas.config.files import files, sections
from deepaas.config.options import by_key, every
from deepaas.config.words import OF_OTHER_SERVERS, only_files, options_in
from deepaas.near_names import did_you_mean
from deepaas.options import DoorOptions

MEANT_COUNT = 3
"""So many options are named of those that begin with what was given."""


def of_value(
    complaint: str,
    argv: Sequence[str],
    default_config_files: list[str] | None,
    doors: Sequence[DoorOptions],
) -> str | None:
    """Reword argparse's message about a wrong value, and add the file that contains it."""
    found = re.match(r"--([\w-]+)\S*: Invalid .*? value: (.*)", complaint)
    if found is None:
        return None
    name, value = found.groups()
    for option in options_in(argv, doors):
        if option.name == name:
            return _must(f"--{name}", option, value)
    alone = cfg.ConfigOpts()
    alone(
        list(only_files(argv)),
        project="deepaas",
        prog="deepaas-run",
        default_config_files=default_config_files,
    )
    keys = {option.dest for option in every(doors) if option.name == name}
    for file in files(alone):
        for (section, key), option in by_key(doors).items():
            if key in keys and value in sections(file).get(section, {}).get(key, ()):
                where = key if section == "DEFAULT" else f"{key} in [{section}]"
                return _must(f"{file}: {where}", option, value)
    return None


def of_variable(
    complaint: str, doors: Sequence[DoorOptions], environment: Mapping[str, str]
) -> str | None:
    """Reword oslo.config's message about an environment variable."""
    found = re.match(r"Value for option \S+ from (\w+) is not valid", complaint)
    options = by_key(doors)
    named = {name: options[key] for key, names in names_by_key(doors).items() for name in names}
    if found is None or found[1] not in named:
        return None
    return _must(found[1], named[found[1]], environment.get(found[1], ""))


def unknown(complaint: str, doors: Sequence[DoorOptions]) -> str | None:
    """What argparse says of an option that is none, with the name that is near."""
    if found := re.match(r"ambiguous option: (.+?)(?:=.*)? could match (.+)", complaint):
        *others, last = found[2].split(", ")[:MEANT_COUNT]
        return f"no such option: {found[1]}. Did you mean {', '.join(others)} or {last}?"
    given = complaint.removeprefix("unrecognized arguments: ")
    name = given.split()[0].partition("=")[0] if given != complaint else ""
    if not name.startswith("-"):
        # argparse only accepts positional arguments in one place.
        return name and f"{name!r} must be next to the other models, or after --model-name."
    known = ["--check-config", "--config-file", "--config-dir", "--help-all", "--version"]
    for option in every(doors):
        is_switch = isinstance(option, cfg.BoolOpt)
        known += [f"--{option.name}", *([f"--no-{option.name}"] if is_switch else [])]
    meant = OF_OTHER_SERVERS.get(name.strip("-"))
    hint = f". Did you mean --{meant}?" if meant else did_you_mean(name, known)
    return f"no such option: {name}{hint}"


def _must(where: str, option: cfg.Opt, value: str) -> str:
    given = "must" if option.secret else f"{value!r} must"
    return f"{where}: {given} be {_wanted(option)}."


def _wanted(option: cfg.Opt) -> str:
    kind: Any = option.type
    if isinstance(kind, types.Boolean):
        return "true or false"
    if kind.choices:
        return f"one of {', '.join(kind.choices)}"
    what = "an integer" if isinstance(kind, types.Integer) else "a number"
    if kind.min is not None and kind.max is not None:
        return f"{what} from {kind.min:g} to {kind.max:g}"
    return f"{what} of at least {kind.min:g}" if kind.min is not None else what
