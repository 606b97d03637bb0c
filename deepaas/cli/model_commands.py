"""The four commands that are functions of a model: get_metadata, warm, predict, train."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from deepaas.cli.lines import open_lines
from deepaas.cli.model import CommandModel, open_model
from deepaas.cli.options import Option, read
from deepaas.cli.options import add_to as add_arguments
from deepaas.cli.output import ARRAY_TYPES, CommandOutput
from deepaas.cli.problems import OK, WRONG_USAGE, CommandProblem, say
from deepaas.cli.shared_options import OPEN_HELP, STREAM_HELP, add_again
from deepaas.help import Help
from deepaas.near_names import did_you_mean

LIKE = 0.5
"""Minimum similarity of names of arguments; low because they are short or abbreviated."""

COMMANDS = ("get_metadata", "warm", "predict", "train")

_BEFORE_THE_COMMAND = (
    *("--url", "--api-key", "--api-key-file", "--model-name", "--run-dir", "--detach", "--plain"),
)


def add_to(commands: Any) -> None:
    for name, run, text in (
        ("get_metadata", _run_get_metadata, "print the metadata of the model"),
        ("warm", _run_warm, "warm the model up, to check that this works"),
        ("predict", run_function, "make one prediction ('predict --help' loads the model)"),
        ("train", run_function, "train the model ('train --help' loads the model)"),
    ):
        parser = commands.add_parser(name, help=text, description=text)
        parser.set_defaults(run=run)
        add_again(
            parser,
            ("model-name", "url", "api-key", "api-key-file", "output", "deepaas_method_output"),
        )
        if name == "predict":
            add_again(parser, ("stream", "open"))


def _run_get_metadata(options: argparse.Namespace) -> int:
    output = CommandOutput(options)
    with open_model(options, output) as model:
        output.write_json(model.metadata())
    return OK


def _run_warm(options: argparse.Namespace) -> int:
    with open_model(options, CommandOutput(options)) as model:
        say(model.warm())
    return OK


def run_function(options: argparse.Namespace) -> int:
    """Run ``predict`` or ``train`` with the arguments in ``options.rest``."""
    output = CommandOutput(options)
    with open_model(options, output) as model:
        declared = model.options(options.command)
        parser = _FunctionParser(options.command, model, declared, output)
        try:
            parsed = parser.parse_args(options.rest, argparse.Namespace(**vars(options)))
        except _HelpShown:
            return OK
        values = read(declared, parsed)
        output.move(parsed)
        if options.command == "predict":
            _predict(model, declared, values, output, streamed=parsed.stream)
            return OK
        told, code = model.train(values)
        output.write_json(told)
        return code


def _predict(
    model: CommandModel,
    declared: list[Option],
    values: dict[str, Any],
    output: CommandOutput,
    *,
    streamed: bool,
) -> None:
    accept = next((option for option in declared if option.name == "accept"), None)
    if accept is not None and "accept" not in values and isinstance(accept.default, str):
        values["accept"] = accept.default
    if streamed:
        with open_lines(output) as lines:
            if model.streams:
                model.stream(values, lines)
            else:
                lines.result(model.predict(values))
        return
    target = output.target()
    array_type = ARRAY_TYPES.get(target.suffix, "") if target is not None else ""
    if array_type and array_type not in model.array_types():
        array_type = ""
    output.write(model.predict(values, array_type))


class _HelpShown(Exception):
    """The help was shown, so the command ends."""


class _FunctionParser(argparse.ArgumentParser):
    def __init__(
        self, function: str, model: CommandModel, declared: list[Option], output: CommandOutput
    ) -> None:
        super().__init__(
            prog=f"deepaas-cli {function}",
            usage=_usage(function, declared),
            description=f"Call the function '{function}' of the model {model.name}.",
            epilog=(
                "Write lists as several values, or as '[1, 2]'; quote JSON; give files by path, "
                "and tensors as JSON or @FILE. "
                "Put options of deepaas-cli itself (--url, --output …) before "
                f"'{function}': see 'deepaas-cli --help'."
            ),
            formatter_class=Help,
            add_help=False,
            argument_default=argparse.SUPPRESS,
        )
        self._model = model.name
        self._function = function
        self._declared = declared
        self._output = output
        add_arguments(self, declared)
        taken = {flag for option in declared for flag in (f"--{option.name}", *option.flags)}
        others = self.add_argument_group("other options")
        streaming = {"action": "store_true", "help": STREAM_HELP}
        for flags, more in (
            (("--help", "-h"), {"action": "store_true", "help": "show this help"}),
            *([(("--stream",), streaming)] if function == "predict" else ()),
            (("--output", "-o"), {"metavar": "FILE", "help": "write the result to this file"}),
            (("--open",), {"action": "store_true", "help": OPEN_HELP}),
            (("--deepaas_method_output",), {"metavar": "FILE", "help": argparse.SUPPRESS}),
        ):
            free = [flag for flag in flags if flag not in taken]
            if free:
                others.add_argument(*free, dest=flags[0].lstrip("-"), **more)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._tell_of_short_forms(args)
        parsed, unknown = self.parse_known_args(args, namespace)
        if getattr(parsed, "help", False):
            self._output.print_text(self.format_help())
            raise _HelpShown
        if unknown:
            self.error(self._unknown(unknown))
        return parsed

    def _tell_of_short_forms(self, words: list[str]) -> None:
        """Names can be abbreviated, as in DEEPaaS 2.x; new arguments can change their meaning."""
        known = self._option_string_actions
        for flag in (word.partition("=")[0] for word in words):
            meant = [name for name in known if name.startswith(flag) and flag[2:]]
            if flag.startswith("--") and flag not in known and len(meant) == 1:
                say(f"{flag} is short for {meant[0]}")

    def error(self, message: str) -> NoReturn:
        told = f"{self._model}: {message}\nsee '{self.prog} --help'"
        raise CommandProblem(told, WRONG_USAGE)

    def _unknown(self, unknown: list[str]) -> str:
        flag = unknown[0].partition("=")[0]
        if flag in _BEFORE_THE_COMMAND:
            return (
                f"{flag} is not an argument of the model. Put options of deepaas-cli before the "
                f"command: deepaas-cli {flag} … {self._function} …"
            )
        names = [f"--{option.name}" for option in self._declared]
        meant = did_you_mean(flag.replace("_", "-"), names, LIKE) or (
            did_you_mean(flag[:2] + flag[2:].replace("-", "_"), names, LIKE)
        )
        if not flag.startswith("-"):
            return f"unexpected value {flag!r}: there is no --ARGUMENT before it"
        return f"{self._function} has no argument {flag}{meant}"


def _usage(function: str, declared: list[Option]) -> str:
    needed = [f"--{option.name} {option.metavar}" for option in declared if option.required]
    return " ".join(["deepaas-cli [options]", function, *needed, "[arguments]"]).replace("%", "%%")
