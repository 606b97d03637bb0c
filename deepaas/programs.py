"""Commands that run modules of DEEPaaS: with which interpreter and import path."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from deepaas.settings import without_secrets

_MEANT_FOR_ONE = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


@dataclass(frozen=True)
class Interpreter:
    """A Python that can run modules of DEEPaaS; ``safe_path``: it supports ``-P`` (3.11 or newer).

    ``offered``: groups and names of the entry points that it has for us, if it was asked.
    """

    path: str
    safe_path: bool
    offered: tuple[tuple[str, str], ...] = ()

    def entry_points(self, group: str) -> list[str]:
        return [name for one, name in self.offered if one == group]


OWN = Interpreter(sys.executable, sys.version_info >= (3, 11))


def module_command(module: str, *flags: str, interpreter: Interpreter = OWN) -> list[str]:
    # -P: do not import from the working directory, as with a console script.
    safe_path = ["-P"] if interpreter.safe_path else []
    return [interpreter.path, *safe_path, *flags, "-m", module]


def environment_for(interpreter: Interpreter, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, without variables of this interpreter if the other is a different one."""
    if interpreter.path == OWN.path:
        return dict(environment)
    return {name: value for name, value in environment.items() if name not in _MEANT_FOR_ONE}


def inherited() -> dict[str, str]:
    """The host's environment, without the host's own secrets: models may print it."""
    return without_secrets(os.environ)
