"""Another interpreter, asked what models are installed for it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import deepaas
from deepaas.errors import ConfigError
from deepaas.programs import Interpreter, environment_for

SECONDS = 60.0

_QUESTION = """
import importlib.metadata as metadata, json, sys
try:
    version = metadata.version("deepaas")
except metadata.PackageNotFoundError:
    version = ""
found = metadata.entry_points()
group = found.select(group=sys.argv[1]) if hasattr(found, "select") else found.get(sys.argv[1], [])
print(json.dumps([version, sys.version_info[:2], sorted({entry.name for entry in group})]))
"""


def ask(path: Path, group: str) -> Interpreter:
    """An interpreter that workers can run in.

    Args:
        path: of the program.
        group: entry points of models.

    Raises:
        ConfigError: it is none, or DEEPaaS is not installed for it in this version.
    """
    try:
        said = subprocess.run(
            [path, "-c", _QUESTION, group],
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
            env=environment_for(Interpreter(str(path), safe_path=False), os.environ),
            cwd="/",
        ).stdout
        version, python, models = json.loads(said)
    except OSError as error:
        raise ConfigError(f"model-python {path} cannot be started: {error.strerror}") from None
    except (subprocess.SubprocessError, ValueError):
        raise ConfigError(f"model-python {path} is not an interpreter of Python") from None
    if version != deepaas.__version__:
        has = f"has DEEPaaS {version}" if version else "has no DEEPaaS"
        raise ConfigError(
            f"model-python {path} {has}, and this host is {deepaas.__version__}: "
            f"{path} -m pip install deepaas=={deepaas.__version__}"
        )
    return Interpreter(str(path), safe_path=tuple(python) >= (3, 11), models=tuple(models))
