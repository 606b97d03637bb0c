"""Loads a typed predictor from a path: ``predict.py:Predictor``, or a folder with ``cog.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deepaas.author_files.contents import TYPED_NAMES
from deepaas.author_files.folders import split
from deepaas.kinds.cog import NAME, PROJECT_FILE
from deepaas.kinds.cog.worker.faults import Faults
from deepaas.kinds.cog.worker.predictor import Predictor, wrap
from deepaas.kinds.cog.worker.project import NotFound, read
from deepaas.kinds.cog.worker.source import reveal
from deepaas.runtime import kinds
from deepaas.runtime.failures import CannotBeServed, reason
from deepaas.runtime.source_files import (
    import_file,
    it_defines,
    refuse_function_of_module,
)


def load(source: str) -> Predictor:
    """Load a predictor, in the folder that its relative paths start from.

    `source` is a file, a file and a name (``predict.py:Predictor``), or a folder with ``cog.yaml``.
    Raises ``NotFound``, ``Faults``, and any exception of the author's code during the import.
    """
    path, name = split(source)
    folder = path if path.is_dir() else path.parent
    train, concurrency = "", 1
    if path.is_dir():
        project = read(path / PROJECT_FILE)
        project.tell()
        project.set_environment()
        path, name = split(str(folder / project.predict))
        train, concurrency = project.train, project.concurrency
    target = _attribute(path, name, folder)
    trains = _attribute(*split(str(folder / train)), folder) if train else None
    return wrap(target, trains, concurrency)


def faults(source: str) -> list[str]:
    """Return one sentence for each problem. This imports the code, which may end the process."""
    try:
        kinds.load(NAME, source)
    except Faults as error:
        return [str(fault) for fault in error.faults]
    except CannotBeServed as error:
        return [str(error)]
    except (Exception, SystemExit) as error:
        return [f"importing {source} failed: {reason(error)}"]
    return []


def _attribute(path: Path, name: str, folder: Path) -> Any:
    module = import_file(path, folder)
    if not name:
        name = next((usual for usual in TYPED_NAMES if hasattr(module, usual)), "")
    if not name:
        raise NotFound(
            f"{path} defines none of {', '.join(TYPED_NAMES)}. Add the name: {path.name}:Name"
        )
    if not hasattr(module, name):
        raise NotFound(f"{path} does not define {name}{it_defines(module, name)}")
    refuse_function_of_module(module, path, name)
    reveal(module, name)
    return getattr(module, name)
