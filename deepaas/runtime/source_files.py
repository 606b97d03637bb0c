"""Imports a file by its path, so that its own imports of neighbouring files work.

Supported are ``import utils`` as in a script, and ``from . import utils`` and ``from package import
utils`` as in a package, whether or not the folder has an ``__init__.py``.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import inspect
import os
import sys
import types
from pathlib import Path
from typing import Any

from deepaas.runtime.failures import CannotBeServed
from deepaas.runtime.signatures import DECLARED

MAX_NAMES_COUNT = 10


def it_defines(found: Any, name: str) -> str:
    """Ends a message that a module or class does not define a name: with those that it does."""
    own = getattr(found, "__name__", "")
    names = [
        known
        for known, value in vars(found).items()
        if not known.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == own
    ]
    near = difflib.get_close_matches(name, names, 1)
    if near:
        return f". Did you mean {near[0]}?"
    return f": it defines {', '.join(names[:MAX_NAMES_COUNT])}" if names else ""


def refuse_function_of_module(module: Any, file: Path, name: str) -> None:
    """Raise ``CannotBeServed`` if a function is to be served whose arguments its module declares:
    then the model is the module."""
    declare = DECLARED.get(name)
    if declare is not None and inspect.isfunction(getattr(module, declare, None)):
        raise CannotBeServed(
            f"the file has {declare}, so the model is the whole file. Leave out ':{name}' and "
            f"serve {file.name}"
        )


def import_file(file: Path, work_in: Path) -> types.ModuleType:
    """Import a file with `work_in` as working directory.

    Raises ``CannotBeServed`` if it does not exist, is not a Python file, or another module with its
    name was imported; and exceptions of its code.
    """
    if not file.is_file():
        raise CannotBeServed(f"file not found: {file}. Correct the path")
    os.chdir(work_in)
    package = _package(file)
    root = file.parents[len(package)]
    _search(root, file.parent, work_in)
    if not package and _is_relative(file):
        return _in_package_of_its_own(file)
    if package:
        name = ".".join([*package, *([] if file.stem == "__init__" else [file.stem])])
        module = importlib.import_module(name)
        if Path(str(module.__file__)).resolve() != file.resolve():
            raise CannotBeServed(
                f"{file} cannot be imported: {name} is {module.__file__}. Rename the folder "
                f"{package[0]}"
            )
        return module
    return _run(file, file.stem)


def _package(file: Path) -> list[str]:
    """The names of the packages that a file is in, from the outermost one."""
    names: list[str] = []
    folder = file.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    return names


def _search(root: Path, beside: Path, project: Path) -> None:
    """Add the author's folders to the search path."""
    sys.path.insert(0, str(root))
    # At the end, because a module of a package may have the name of one in the standard library.
    sys.path.extend(str(one) for one in (beside, project / "src", project) if one.is_dir())


def _is_relative(file: Path) -> bool:
    """Whether a file has relative imports."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))


def _in_package_of_its_own(file: Path) -> types.ModuleType:
    name = file.parent.name.replace(".", "_").replace("-", "_")
    if name in sys.modules or importlib.util.find_spec(name) is not None:
        name = f"{name}_folder"
    package = types.ModuleType(name)
    package.__path__ = [str(file.parent)]
    sys.modules[name] = package
    return _run(file, f"{name}.{file.stem}")


def _run(file: Path, name: str) -> types.ModuleType:
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", "") == str(file):
        return known
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise CannotBeServed(f"{file} is not a Python file. Serve a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    # Before it runs, because dataclasses and pickle look up modules by name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
