"""The interface of a model for the commands, in this process or on a host."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from typing import Any, Protocol

from deepaas.cli.lines import ResultLines
from deepaas.cli.options import Option
from deepaas.cli.output import CommandOutput, CommandResult


class CommandModel(Protocol):
    """A model whose functions can be called."""

    name: str
    streams: bool

    def options(self, function: str) -> list[Option]:
        """Return the arguments of ``predict`` or ``train``.

        Raises ``CommandProblem`` if the model does not have the function.
        """

    def metadata(self) -> Any:
        """Return its metadata."""

    def warm(self) -> str:
        """Prepare the model. Return a message for users."""

    def array_types(self) -> Sequence[str]:
        """Return the media types of array files that the model offers."""

    def predict(self, values: dict[str, Any], array_type: str = "") -> CommandResult:
        """Make one prediction. Raises ``CommandProblem`` if values are invalid, or it fails."""

    def stream(self, values: dict[str, Any], lines: ResultLines) -> None:
        """Make one prediction, and write each part as a line. Raises ``Enough``."""

    def train(self, values: dict[str, Any]) -> tuple[Any, int]:
        """Train the model and wait. Return the training run as JSON, and the exit code."""


def open_model(
    options: argparse.Namespace, output: CommandOutput
) -> contextlib.AbstractContextManager[CommandModel]:
    """Open the chosen model: one of the host of ``--url``, otherwise an installed one."""
    if options.url:
        from deepaas.cli import remote

        return remote.open_model(options)
    from deepaas.cli import local

    return local.open_model(options, output)
