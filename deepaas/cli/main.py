"""``deepaas-cli``: parses the command and its options.

It only imports modules that load quickly: no models, no libraries of models, no HTTP.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from typing import Any

from deepaas.cli import (
    doors_command,
    keys_command,
    list_command,
    model_commands,
    new_command,
    runs_command,
)
from deepaas.cli.interrupt import Interrupted, unwound
from deepaas.cli.output import give_up, unwritable
from deepaas.cli.problems import EXIT_CODES, INTERRUPTED, OK, CommandProblem, say
from deepaas.cli.shared_options import add_options
from deepaas.help import CommandParser

PROG = "deepaas-cli"

_DESCRIPTION = """\
Call the functions of a model: an installed one in this process, or one of a host with --url.
"""

_EPILOG = f"""\
examples:
  deepaas-cli predict --image seven.png
        make a prediction with the installed model
  deepaas-cli --url http://127.0.0.1:5000 list
        list the models of a host and their state
  deepaas-cli new --start tabular 'My Model'
        create a model package
  deepaas-cli check
        find problems in the package in this folder

Put these options before the command. The arguments of the model come after 'predict' and \
'train': see 'deepaas-cli predict --help'.

{EXIT_CODES}
environment:
  DEEPAAS_V2_MODEL  the installed model, like --model-name
  DEEPAAS_URL       the host, like --url
  DEEPAAS_API_KEY   the API key of the host, like --api-key (which other users
                    of this machine can see in the list of processes);
                    DEEPAAS_API_KEY_FILE is a file with it
  NO_COLOR          disable colours
"""


def main(argv: Sequence[str] | None = None) -> int:
    argv = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Old terminals do not support all characters.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with unwound():
            options = _parse(argv)
            code: int = options.run(options)
            return code
    except CommandProblem as problem:
        return _told(problem)
    except KeyboardInterrupt as error:
        say("interrupted")
        return error.code if isinstance(error, Interrupted) else INTERRUPTED
    except OSError as error:
        give_up(sys.stdout)
        # The reader has closed the pipe, as `head` does.
        return OK if isinstance(error, BrokenPipeError) else _told(unwritable(error))


def _told(problem: CommandProblem) -> int:
    kind = "" if problem.code >= INTERRUPTED else "error: "
    say(f"{PROG}: {kind}{problem.message}")
    return problem.code


def _parse(argv: list[str]) -> argparse.Namespace:
    early = _Early(add_help=False, allow_abbrev=False)
    add_options(early)
    early.add_argument("command", nargs="?")
    early.add_argument("rest", nargs=argparse.REMAINDER)
    try:
        options, unknown = early.parse_known_args(argv)
    except _Unclear:
        return _parse_all(argv)
    if unknown and unknown[0] not in ("-h", "--help"):
        parser = _parser(with_check=False)
        parser.error(parser.unknown(unknown[0].partition("=")[0]))
    if unknown or (options.command and options.command not in model_commands.COMMANDS):
        return _parse_all(argv)
    if not options.command and sys.stdout.isatty():
        return _parse_all(["--help"])
    if not options.command:  # As in DEEPaaS 2.x, for scripts.
        say(f"no command given, running get_metadata ('{PROG} --help' lists the commands)")
        argv = [*argv, "get_metadata"]
    if options.command in ("predict", "train"):
        # Its options are the model's arguments, which are only known once it is loaded.
        options.run = model_commands.run_function
        return options
    return _parse_all(argv)


def _parse_all(argv: list[str]) -> argparse.Namespace:
    return _parser(with_check="check" in argv).parse_args(argv)


class _Unclear(Exception):
    """The complete parser must report the error."""


class _Early(argparse.ArgumentParser):
    """Finds the command name."""

    def error(self, message: str) -> Any:
        raise _Unclear(message)


def _parser(*, with_check: bool) -> CommandParser:
    parser = CommandParser(
        prog=PROG,
        usage=f"{PROG} [options] command …",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    add_options(parser)
    commands = parser.add_subparsers(title="commands", metavar="command", dest="command", prog=PROG)
    model_commands.add_to(commands)
    list_command.add_to(commands)
    doors_command.add_to(commands)
    runs_command.add_to(commands)
    keys_command.add_to(commands)
    new_command.add_to(commands)
    if with_check:
        from deepaas.cli import check_command

        check_command.add_to(commands)
    else:
        # Importing it takes longer than all the others together.
        commands.add_parser("check", help="find problems in a model package")
    return parser
