"""``deepaas-predict``, the deprecated command: one input file, one output file."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepaas.cli import options as shapes
from deepaas.cli.interrupt import Interrupted, unwound
from deepaas.cli.model import open_model
from deepaas.cli.options import Option
from deepaas.cli.output import JSON, CommandOutput, ending
from deepaas.cli.problems import EXIT_CODES, INTERRUPTED, OK, CommandProblem, say
from deepaas.cli.shared_options import add_options
from deepaas.help import CommandParser

PROG = "deepaas-predict"

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+( *;[ -~]*)?", re.ASCII)


def main(argv: Sequence[str] | None = None) -> int:
    say(f"{PROG} is deprecated; use 'deepaas-cli predict' (see 'deepaas-cli predict --help')")
    options = _parse(sys.argv[1:] if argv is None else argv)
    try:
        with unwound():
            return _run(options)
    except CommandProblem as problem:
        say(f"{PROG}: error: {problem.message}")
        return problem.code
    except KeyboardInterrupt as error:
        say("interrupted")
        return error.code if isinstance(error, Interrupted) else INTERRUPTED


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = CommandParser(
        prog=PROG,
        description="Deprecated: make one prediction for one file. Use 'deepaas-cli predict'.",
        epilog=EXIT_CODES,
        conflict_handler="resolve",
    )
    shared = argparse.ArgumentParser(add_help=False)
    add_options(shared)
    parser.set_defaults(**vars(shared.parse_args([])))
    parser.add_argument("--input-file", "-i", metavar="FILE", required=True, help="input file")
    parser.add_argument(
        *("--output", "-o"), dest="folder", metavar="DIR", required=True, help="output folder"
    )
    parser.add_argument(
        *("--content-type", "-ct"),
        metavar="TYPE",
        default=JSON,
        help=f"media type of the result (default: {JSON})",
    )
    parser.add_argument(
        *("--url", "-u"), dest="is_url", action="store_true", help="the input is a URL, not a file"
    )
    parser.add_argument("--nourl", dest="is_url", action="store_false", help=argparse.SUPPRESS)
    parser.add_argument(
        "--model-name", metavar="NAME", help="name of the model, if several are installed"
    )
    options = parser.parse_args(argv)
    options.url = None
    return options


def _run(options: argparse.Namespace) -> int:
    name = Path(options.folder) / f"out_{Path(options.input_file).stem or 'input'}"
    if not _MEDIA_TYPE.fullmatch(options.content_type):
        raise _no_type(options.content_type)
    options.output = f"{name}{_ending(options.content_type)}"
    output = CommandOutput(options)
    with open_model(options, output) as model:
        declared = model.options("predict")
        if not _is_offered(options.content_type, declared):
            raise _no_type(options.content_type)
        result = model.predict(_values(declared, options))
        if "*" in options.content_type:  # Only the result has an exact type.
            options.output = f"{name}{_ending(result.media_type)}"
            output.move(options)
        output.write(result)
        output.print_text(f"Output saved at {options.output}\n")
    return OK


def _is_offered(media_type: str, declared: Sequence[Option]) -> bool:
    """Whether the media type is known, or offered by the model itself."""
    known = _ending(media_type) or "*" in media_type
    return bool(known) or any(
        option.name == "accept" and media_type in option.choices for option in declared
    )


def _no_type(media_type: str) -> CommandProblem:
    return CommandProblem(f"not a media type: {media_type!r}")


def _ending(media_type: str) -> str:
    """Return the file name suffix of a media type; empty if unknown or ambiguous."""
    return ending(media_type) or ""


def _values(declared: Sequence[Option], options: argparse.Namespace) -> dict[str, Any]:
    """Return the input for the first argument of this kind, and the media type."""
    values: dict[str, Any] = {}
    if any(option.name == "accept" for option in declared):
        values["accept"] = options.content_type
    for option in declared:
        if options.is_url and "url" in option.name.lower():
            several = option.shape == shapes.MANY
            return {**values, option.name: [options.input_file] if several else options.input_file}
        if not options.is_url and option.shape in (shapes.FILE, shapes.FILES):
            given = [options.input_file] if option.shape == shapes.FILES else options.input_file
            parsed = argparse.Namespace(**{option.dest: given})
            return {**values, **shapes.read([option], parsed)}
    what = "URL" if options.is_url else "file"
    raise CommandProblem(
        f"the model has no argument for a {what}: see 'deepaas-cli predict --help'"
    )
