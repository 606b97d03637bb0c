"""What the commands need of a model, wherever it is: in this process or at a host."""

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
        """What ``predict`` or ``train`` takes; CommandProblem if there is no such function."""

    def metadata(self) -> Any:
        """Its description of itself."""

    def warm(self) -> str:
        """Prepare it; what was done, in words."""

    def array_types(self) -> Sequence[str]:
        """Media types of files of arrays that its result may be had as."""

    def predict(self, values: dict[str, Any], array_type: str = "") -> CommandResult:
        """Make one prediction; CommandProblem if the values do not fit, or it fails."""

    def stream(self, values: dict[str, Any], lines: ResultLines) -> None:
        """Make one prediction, a line of each part when it is there; Enough if nobody reads."""

    def train(self, values: dict[str, Any]) -> tuple[Any, int]:
        """Train it and wait for the end; the training as JSON, and the exit code."""


def open_model(
    options: argparse.Namespace, output: CommandOutput
) -> contextlib.AbstractContextManager[CommandModel]:
    """The model that was chosen: at the host of ``--url``, or else one that is installed here."""
    if options.url:
        from deepaas.cli import remote

        return remote.open_model(options)
    from deepaas.cli import local

    return local.open_model(options, output)
