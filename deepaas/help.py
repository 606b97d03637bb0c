"""How help looks."""

from __future__ import annotations

import argparse
import shutil
import textwrap

COMMAND_WIDTH = 16
"""Of the column with the names of commands, its indent and the gap behind it included."""

MAX_WIDTH = 100
"""Longer lines are hard to read."""


class Help(argparse.HelpFormatter):
    """Help that keeps line breaks, as wide as the terminal up to a limit."""

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
        # Options are not broken at their dashes.
        lines = text.split("\n")
        return [it for line in lines for it in textwrap.wrap(line, width, break_on_hyphens=False)]

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        # Blocks whose lines are indented are set as they are, others are wrapped.
        blocks = [
            block
            if any(line.startswith("  ") for line in block.split("\n"))
            else textwrap.fill(block, width, break_on_hyphens=False)
            for block in text.strip("\n").split("\n\n")
        ]
        return textwrap.indent("\n\n".join(blocks), indent)
