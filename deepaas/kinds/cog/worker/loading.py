"""From a path to a typed predictor: ``predict.py:Predictor``, or a project with ``cog.yaml``."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from deepaas.kinds.cog import NAME, PROJECT_FILE, USUAL_NAMES, split
from deepaas.kinds.cog.worker.predictor import Predictor, is_typed, wrap
from deepaas.kinds.cog.worker.project import NotFound, read
from deepaas.kinds.cog.worker.signature import Faults
from deepaas.kinds.cog.worker.source import reveal
from deepaas.runtime import kinds
from deepaas.runtime.failures import CannotBeServed, reason
from deepaas.runtime.kinds import ModelLoader


def load(source: str) -> Predictor:
    """Load a predictor, in the folder that its relative paths are meant to begin in.

    `source` is a file, a file and a name (``predict.py:Predictor``), or a folder with ``cog.yaml``.
    Raises ``NotFound``, ``Faults``, and whatever its author's code raises while it is imported.
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
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    target = _attribute(path, name)
    trains = _attribute(*split(str(folder / train))) if train else None
    return wrap(target, trains, concurrency)


def faults(source: str) -> list[str]:
    """One sentence for each. Its code is imported: ask in a process that may end."""
    try:
        kinds.load(NAME, source)
    except Faults as error:
        return error.faults
    except CannotBeServed as error:
        return [str(error)]
    except (Exception, SystemExit) as error:
        return [f"importing {source} fails: {reason(error)}"]
    return []


def adopt(found: Any) -> Predictor | None:
    """The predictor behind an object that another kind has loaded. Raises ``Faults``."""
    return wrap(found) if is_typed(found) else None


def _attribute(path: Path, name: str) -> Any:
    module = _module(path)
    if not name:
        name = next((usual for usual in USUAL_NAMES if hasattr(module, usual)), "")
    if not name:
        raise NotFound(
            f"{path} has none of {', '.join(USUAL_NAMES)}; say which it is: {path.name}:Name"
        )
    if not hasattr(module, name):
        raise NotFound(f"{path} has no {name}")
    reveal(module, name)
    return getattr(module, name)


def _module(path: Path) -> ModuleType:
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    name = path.stem
    if (known := sys.modules.get(name)) is not None and getattr(known, "__file__", "") == str(path):
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise NotFound(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    # Before it runs: dataclasses and pickle look their module up by its name.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


KIND = ModelLoader(load, adopt, {"cog": "deepaas[cog]"})
