"""``deepaas-cli doors``: lists the installed protocols, and why one does not work."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepaas import plugins
from deepaas.cli.output import CommandOutput
from deepaas.cli.problems import MODEL_FAILED, OK, CommandProblem, shown_url
from deepaas.cli.shared_options import add_again
from deepaas.cli.tables import plain_table

if TYPE_CHECKING:
    from deepaas.doors import ClosedDoor, OpenDoor
    from deepaas.options import DoorOptions

COLUMNS = ("name", "package", "version", "paths", "root", "options", "works")


def add_to(commands: Any) -> None:
    text = "list the installed protocols (doors), their options, and why one does not work"
    parser = commands.add_parser("doors", help=text, description=text)
    parser.add_argument("--json", action="store_true", help="as JSON, with all routes")
    add_again(parser, ("url", "output", "plain"))
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.url:
        raise CommandProblem(
            "'doors' only lists protocols that are installed here. For those of the host, see "
            f"{shown_url(options.url).rstrip('/')}/doors.json"
        )
    found = _found()
    output = CommandOutput(options)
    if options.json:
        output.write_json(found)
    else:
        output.write_text(plain_table([_shortly(one) for one in found], COLUMNS))
    return OK if all(one["works"] == "yes" for one in found) else MODEL_FAILED


def _found() -> list[dict[str, Any]]:
    # These imports are slow.
    from deepaas import config
    from deepaas.app import look_at_doors
    from deepaas.errors import ConfigError

    declared = {door.door: door for door in config.door_options()}
    with tempfile.TemporaryDirectory(prefix="deepaas-doors-") as folder:
        try:
            settings = config.load([])
            doors = look_at_doors(settings, Path(folder))
        except ConfigError as error:
            raise CommandProblem(f"invalid options of deepaas-run: {error}") from None
    return [_told(one, declared.get(one.point.name), settings.base_path) for one in doors]


def _told(one: OpenDoor | ClosedDoor, declared: DoorOptions | None, prefix: str) -> dict[str, Any]:
    package = one.point.dist
    door = getattr(one, "door", None)
    routes = [(it.method, it.path.removeprefix(prefix)) for it in door.routes] if door else []
    error = getattr(one, "error", None) or _codec_error(one.point.name)
    return {
        "name": one.point.name,
        "title": door.title if door else "",
        "package": package.name if package else "",
        "version": package.version if package else "",
        "source": one.point.value,
        "paths": sorted({f"/{path.split('/')[1]}" for _, path in routes if path}),
        "root": bool(door and door.root_routes),
        "routes": [f"{method} {path}" for method, path in routes],
        "options": _options(declared) if declared else [],
        "works": "yes" if error is None else f"no: {_reason(error)}",
    }


def _options(declared: DoorOptions) -> list[dict[str, Any]]:
    return [
        {
            "option": f"--{declared.command_line(field)}",
            "section": declared.section,
            "key": field.name,
            "variables": declared.variables(field),
            "default": field.default,
            "secret": "secret" in field.metadata,
            "help": field.metadata["help"],
        }
        for field in declared.fields
    ]


def _codec_error(name: str) -> Exception | None:
    """Return why the worker's part of a door cannot be loaded; None if it can."""
    from deepaas.runtime.codecs import GROUP, NoCodec, codec

    if name in plugins.points(GROUP).names:
        try:
            codec(name)
        except NoCodec as error:
            return error
    return None


def _reason(error: Exception) -> str:
    from deepaas.doors import NameTaken

    if isinstance(error, NameTaken):
        return "another door has the same name"
    return f"{type(error).__name__}: {error}"


def _shortly(told: dict[str, Any]) -> dict[str, Any]:
    options: Sequence[dict[str, Any]] = told["options"]
    return {**told, "options": [one["option"] for one in options] or None}
