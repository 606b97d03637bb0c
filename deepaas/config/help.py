"""Help of ``deepaas-run``: ``--help`` shows the most important options, ``--help-all`` all."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from deepaas.help import Help
from deepaas.options import DoorOptions, Field, declared
from deepaas.settings import MODELS, Settings

PROG = "deepaas-run"

MAX_CHOICES_CHARACTERS = 30
"""Longer choices are listed below an option instead of next to it."""

_DESCRIPTION = "Serve models over HTTP: the given ones, or all installed ones."

_EPILOG = """\
examples:
  deepaas-run
        all installed models, on http://127.0.0.1:5000
  deepaas-run --model-name my_model --listen-port 8080
        one model, on another port
  deepaas-run predict.py:Predictor --reload
        a typed predictor in a file, reloaded when the file changes
  deepaas-run --listen-ip 0.0.0.0 --predict-timeout 30 --client-max-size 10000000
        for the whole network, with limits of 30 seconds and 10 MB per prediction

You can also set each option with an environment variable (DEEPAAS_LISTEN_PORT=8080, \
DEEPAAS_UI=false), or in a file (--config-file) with a line 'listen_port = 8080' below [DEFAULT]. \
The command line overrides the environment, which overrides files.
"""

_MORE = (
    "'deepaas-run --help-all' shows all options: time limits, connections, options of protocols."
)


def help_text(doors: Sequence[DoorOptions], *, everything: bool) -> str:
    """Return the help, as wide as the terminal."""
    parser = argparse.ArgumentParser(
        prog=PROG,
        usage=f"{PROG} [options] [MODEL …]",
        description=_DESCRIPTION,
        epilog=_EPILOG if everything else f"{_EPILOG}\n{_MORE}\n",
        formatter_class=Help,
        add_help=False,
    )
    groups: dict[str, list[Field]] = {}
    for field in declared(Settings):
        if everything or not field.metadata.get("rare"):
            groups.setdefault(field.metadata["group"], []).append(field)
    for title, fields in groups.items():
        group = parser.add_argument_group(title)
        if title == MODELS:
            group.add_argument("models", metavar="MODEL", nargs="*", help="Same as --model-name.")
        for field in fields:
            _add(group, field, field.name.replace("_", "-"))
    for door in doors if everything else ():
        if door.fields:
            group = parser.add_argument_group(door.door, door.title)
            for field in door.fields:
                _add(group, field, door.command_line(field))
    _add_others(parser.add_argument_group("other"), everything=everything)
    return parser.format_help()


def _add(group: argparse._ArgumentGroup, field: Field, name: str) -> None:
    if isinstance(field.default, bool):
        group.add_argument(*_flags(f"--[no-]{name}", field), action="store_true", help=_help(field))
    else:
        group.add_argument(*_flags(f"--{name}", field), metavar=_metavar(field), help=_help(field))


def _flags(flag: str, field: Field) -> list[str]:
    short = field.metadata.get("short")
    return [flag, f"-{short}"] if short else [flag]


def _metavar(field: Field) -> str:
    listed = f"{{{','.join(field.metadata.get('choices', ()))}}}"
    if 2 < len(listed) <= MAX_CHOICES_CHARACTERS:
        return listed
    kinds = {int: "COUNT", float: "NUMBER", tuple: "NAME"}
    usual = "PORT" if field.metadata.get("port") else kinds.get(type(field.default), "TEXT")
    unit: str = field.metadata.get("unit", usual)
    return unit


def _help(field: Field) -> str:
    about = field.metadata
    facts = []
    if choices := about.get("choices"):
        facts.append(f"one of: {', '.join(choices)}")
    if isinstance(field.default, bool):
        facts.append(f"default: {'on' if field.default else 'off'}")
    elif isinstance(field.default, float):
        facts.append(f"default: {field.default:g}")
    elif field.default not in ((), ""):
        facts.append(f"default: {field.default}")
    text = f"{about['help']} ({'; '.join(facts)})" if facts else about["help"]
    return text.replace("%", "%%")


def _add_others(group: argparse._ArgumentGroup, *, everything: bool) -> None:
    files = "INI file with options in the section [DEFAULT]. Can be repeated."
    group.add_argument("--config-file", metavar="FILE", help=files)
    if everything:
        group.add_argument("--config-dir", metavar="DIR", help="Directory of INI files (*.conf).")
        group.add_argument(
            "--shell_completion",
            metavar="{bash,zsh}",
            help="Print a script for completion in a shell.",
        )
    check = "Check all options, files and addresses, and exit: 0 if they are right, 1 if not."
    group.add_argument("--check-config", action="store_true", help=check)
    group.add_argument("--version", action="store_true", help="Print the version.")
    group.add_argument(*("-h", "--help"), action="store_true", help="Show this help.")
    group.add_argument("--help-all", action="store_true", help="Show all options.")
