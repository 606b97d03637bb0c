"""``deepaas-cli keys``: the keys that clients of a host need."""

from __future__ import annotations

import argparse
import importlib
from typing import Any, NoReturn

from deepaas.cli.shared_options import add_again

RIGHTS = "read,predict"
OVERLAP = "1h"

_EPILOG = """\
The keys are in keys.json in the state directory of deepaas-run, whose options are read from the
environment and its default configuration files. A running host follows changes of this file within
a second or two. A host that was started without any keys must be restarted once."""


def add_to(commands: Any) -> None:
    text = "create, list, rotate and revoke the keys that clients of a host need"
    parser = commands.add_parser(
        "keys", help=text, description=f"{text.capitalize()}.", epilog=_EPILOG
    )
    below = parser.add_subparsers(title="commands", metavar="command", prog="deepaas-cli keys")
    parser.set_defaults(run=lambda _options: _no_command(parser))
    create = _add(below, "create", "create_key", "create a key, and print it once")
    create.add_argument("name", metavar="NAME", help="stands in logs and metrics")
    create.add_argument(
        "--rights",
        metavar="RIGHT,…",
        default=RIGHTS,
        help=f"read, predict, train, manage, metrics, or all (default: {RIGHTS})",
    )
    create.add_argument(
        "--for-model",
        metavar="MODEL",
        action="append",
        help="a model that the rights are for; can be repeated (default: all models)",
    )
    create.add_argument(
        "--limits",
        metavar="LIMITS",
        default="",
        help="limits of this key, such as '100/minute, 10 at once', or none (default: those of "
        "--limit-per-key)",
    )
    _add_expires(create, "never")
    listing = _add(below, "list", "list_keys", "list the keys that are valid")
    listing.add_argument("--all", action="store_true", help="also list those that are not valid")
    add_again(listing, ("output",))
    rotate = _add(below, "rotate", "rotate_key", "replace a key by a new one, and print it once")
    rotate.add_argument("key", metavar="KEY", help="its name, or its id")
    rotate.add_argument(
        "--overlap",
        metavar="TIME",
        default=OVERLAP,
        help=f"how long the old key remains valid, such as 0s or 7d (default: {OVERLAP})",
    )
    _add_expires(rotate, "as long as the old key was valid")
    revoke = _add(below, "revoke", "revoke_keys", "make keys invalid now")
    revoke.add_argument("keys", metavar="KEY", nargs="+", help="a name, or an id")


def _add(below: Any, name: str, function: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = below.add_parser(
        name, help=text, description=text.capitalize() + "."
    )
    parser.add_argument("--keys-file", metavar="FILE", help="the file of keys, as for deepaas-run")
    parser.add_argument("--json", action="store_true", help="print JSON")

    def run(options: argparse.Namespace) -> int:
        # Imported late, because it is slow.
        module = importlib.import_module("deepaas.cli.key_changes")
        code: int = getattr(module, function)(options)
        return code

    parser.set_defaults(run=run)
    return parser


def _add_expires(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--expires",
        metavar="TIME",
        help=f"how long the key is valid, such as 12h, 30d or 52w (default: {default})",
    )


def _no_command(parser: argparse.ArgumentParser) -> NoReturn:
    parser.error("a command is required: create, list, rotate or revoke")
