"""Parser and help formatter of the commands."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from typing import Any, NoReturn

from deepaas.near_names import did_you_mean
from deepaas.visible import visible

COMMAND_WIDTH = 16
"""Width of the column of command names, including its indent and the gap after it."""

MAX_WIDTH = 100
"""Longer lines are hard to read."""


class Help(argparse.HelpFormatter):
    """Keeps line breaks, and uses the width of the terminal up to a limit."""

    def __init__(self, prog: str) -> None:
        width = min(shutil.get_terminal_size().columns, MAX_WIDTH) - 2
        super().__init__(prog, max_help_position=8, width=width)

    def _format_action(self, action: argparse.Action) -> str:
        if isinstance(action, argparse._SubParsersAction):
            return "".join(self._command(each) for each in action._get_subactions())
        return super()._format_action(action)

    def _command(self, command: argparse.Action) -> str:
        lines = self._split_lines(command.help or "", self._width - COMMAND_WIDTH) or [""]
        first = f"  {command.dest}".ljust(COMMAND_WIDTH) + lines[0]
        rest = [" " * COMMAND_WIDTH + line for line in lines[1:]]
        return "\n".join([first, *rest]) + "\n"

    def _split_lines(self, text: str, width: int) -> list[str]:
        # Do not break options at their dashes.
        lines = text.split("\n")
        return [it for line in lines for it in textwrap.wrap(line, width, break_on_hyphens=False)]

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        # Keep indented blocks unchanged, wrap others.
        blocks = [
            block
            if any(line.startswith("  ") for line in block.split("\n"))
            else textwrap.fill(block, width, break_on_hyphens=False)
            for block in text.strip("\n").split("\n\n")
        ]
        return textwrap.indent("\n\n".join(blocks), indent)


class CommandParser(argparse.ArgumentParser):
    """Rejects abbreviated options, and suggests similar ones."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"formatter_class": Help, "allow_abbrev": False, **more})

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Like argparse's; subcommands use it too."""
        parsed, unknown = super().parse_known_args(args, namespace)
        if flag := next((word for word in unknown if word.startswith("-")), ""):
            self.error(self.unknown(flag.partition("=")[0]))
        return parsed, unknown

    def format_help(self) -> str:
        """Of a model's arguments too, in its author's words."""
        return visible(super().format_help())

    def unknown(self, flag: str) -> str:
        shown = [action for action in self._actions if action.help != argparse.SUPPRESS]
        names = [name for action in shown for name in action.option_strings]
        return f"no such option: {flag}{did_you_mean(flag, names)}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if isinstance(action, argparse._SubParsersAction) and value not in action.choices:
            names = list(action.choices)
            hint = did_you_mean(value, names) or f". Available commands: {', '.join(names)}"
            raise argparse.ArgumentError(None, f"no such command: {value!r}{hint}")
        if action.choices is not None and value not in action.choices:
            names = [str(choice) for choice in action.choices]
            hint = did_you_mean(str(value), names) or f". Choose one of {', '.join(names)}"
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}{hint}")

    def error(self, message: str) -> NoReturn:
        """End with the message alone: the usage of many options hides it."""
        told = f"{self.prog}: error: {message}\nsee '{self.prog} --help'"
        print(visible(told), file=sys.stderr)
        sys.exit(2)
