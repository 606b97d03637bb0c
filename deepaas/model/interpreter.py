"""Asks another interpreter which packages it has."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import deepaas
from deepaas.errors import ConfigError
from deepaas.programs import OWN, Interpreter, environment_for, inherited

SECONDS = 60.0

_QUESTION = """
import importlib.metadata as metadata, json, sys
try:
    version = metadata.version("deepaas")
except metadata.PackageNotFoundError:
    version = ""
every = {(e.group, e.name) for each in metadata.distributions() for e in each.entry_points}
ours = sorted(one for one in every if one[0].startswith("deepaas."))
print(json.dumps([version, sys.version_info[:2], ours]))
"""

_LACKING = """
import importlib.metadata as metadata, json, sys
def there(name):
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False
print(json.dumps([name for name in sys.argv[1:] if not there(name)]))
"""


def ask(path: Path) -> Interpreter:
    """Raises ``ConfigError`` if it is no interpreter, or does not have this version of DEEPaaS."""
    version, python, found = _answer(Interpreter(str(path), safe_path=False), _QUESTION)
    if version != deepaas.__version__:
        has = f"has DEEPaaS {version}" if version else "does not have DEEPaaS"
        raise ConfigError(
            f"--model-python: {path} {has}, but needs the version of this host: "
            f"{path} -m pip install deepaas=={deepaas.__version__}"
        )
    offered = tuple((group, name) for group, name in found)
    return Interpreter(str(path), safe_path=tuple(python) >= (3, 11), offered=offered)


def lacking(interpreter: Interpreter, names: Sequence[str]) -> list[str]:
    """Return the distributions that an interpreter lacks. Raises ``ConfigError``."""
    if interpreter is not OWN:
        return list(_answer(interpreter, _LACKING, *names))
    return [name for name in names if not _is_here(name)]


def _is_here(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


def _answer(interpreter: Interpreter, question: str, *words: str) -> Any:
    path = interpreter.path
    try:
        said = subprocess.run(
            [path, "-c", question, *words],
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
            env=environment_for(interpreter, inherited()),
            cwd="/",
        ).stdout
        return json.loads(said)
    except OSError as error:
        raise ConfigError(f"--model-python: could not run {path}: {error.strerror}.") from None
    except (subprocess.SubprocessError, ValueError):
        raise ConfigError(f"--model-python: {path} is not a Python interpreter.") from None
