"""How our own modules are started as programs: in which interpreter, and importing from where."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from deepaas.settings import without_secrets

_MEANT_FOR_ONE = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


@dataclass(frozen=True)
class Interpreter:
    """A Python that can run our modules; ``safe_path`` if it knows ``-P`` (from 3.11 on).

    ``offered``: groups and names of the entry points that it has for us, if it was asked.
    """

    path: str
    safe_path: bool
    offered: tuple[tuple[str, str], ...] = ()

    def entry_points(self, group: str) -> list[str]:
        return [name for one, name in self.offered if one == group]


OWN = Interpreter(sys.executable, sys.version_info >= (3, 11))


def module_command(module: str, *flags: str, interpreter: Interpreter = OWN) -> list[str]:
    # -P: the working directory is not the place to import from, as with a console script.
    safe_path = ["-P"] if interpreter.safe_path else []
    return [interpreter.path, *safe_path, *flags, "-m", module]


def environment_for(interpreter: Interpreter, environment: Mapping[str, str]) -> dict[str, str]:
    """An environment, without what is meant for our own interpreter if that is another one."""
    if interpreter.path == OWN.path:
        return dict(environment)
    return {name: value for name, value in environment.items() if name not in _MEANT_FOR_ONE}


def inherited() -> dict[str, str]:
    """The host's environment without what is for the host alone: models may print theirs."""
    return without_secrets(os.environ)
