"""The worker's part: imports the object of an entry point, or a file."""

from __future__ import annotations

import inspect
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from deepaas import plugins
from deepaas.author_files.contents import CONTRACT
from deepaas.author_files.folders import is_path, is_project, project_folder, split
from deepaas.author_files.modules import near_module
from deepaas.kinds.entry_point import GROUP
from deepaas.model.v2.base import BaseModel
from deepaas.runtime.calling import without_arguments
from deepaas.runtime.failures import CannotBeServed
from deepaas.runtime.kinds import ModelLoader, adopted
from deepaas.runtime.signatures import ARGUMENTLESS, KNOWN, misspelt
from deepaas.runtime.source_files import (
    import_file,
    it_defines,
    refuse_function_of_module,
)
from deepaas.runtime.tracebacks import has_authors_frame


def load(source: str) -> Any:
    """Return the model of an entry point or file; an instance if its methods need one.

    If another kind adopts the object, this returns the model of that kind. `source` is the name of
    the entry point, or the path of the file with or without the name of the object
    (``api.py:Model``). Raises ``CannotBeServed`` if there is no model, or several, and any
    exception of the author's code during the import.
    """
    found = from_file(source) if is_path(source) else _from_entry_point(source)
    if (model := adopted(found)) is not None:
        return model
    if not (inspect.isclass(found) and needs_instance(found)):
        return found
    name = found.__name__
    advice = f"{name}() must work without arguments; load weights in warm()"
    return without_arguments(found, f"class {name} cannot be instantiated", advice)


def from_file(source: str) -> Any:
    """Return the model's module or class in a file. Raises the same as :func:`load`."""
    file, name = split(source)
    folder = project_folder(file)
    if is_project(folder):
        from deepaas.author_files import as_installed  # Rarely needed, and long to import.
        from deepaas.author_files.project import read

        as_installed.show(read(folder, GROUP))
    found: Any = import_file(file, folder)
    refuse_function_of_module(found, file, name)
    for part in name.split(".") if name else ():
        if not hasattr(found, part):
            raise CannotBeServed(f"{file} does not define {name}{it_defines(found, part)}")
        found = getattr(found, part)
    return found if name else _model_in(found, file)


def _from_entry_point(name: str) -> Any:
    values = {point.value: point for point in plugins.points(GROUP).select(name=name)}
    if not values:
        raise CannotBeServed(f"no entry point {name!r} in the group {GROUP!r}")
    if len(values) > 1:
        raise CannotBeServed(f"several entry points are named {name!r}: {', '.join(values)}")
    (point,) = values.values()
    try:
        return point.load()
    except (AttributeError, ModuleNotFoundError) as error:
        if has_authors_frame(error):
            raise
        raise CannotBeServed(_nowhere(point, error)) from None


def _nowhere(point: EntryPoint, error: AttributeError | ModuleNotFoundError) -> str:
    """Words for an entry point that refers to nothing."""
    package = f" of the package {point.dist.name}" if point.dist is not None else ""
    said = f"the entry point {point.name} = {point.value}{package} refers to"
    if isinstance(error, AttributeError):
        defines = it_defines(sys.modules[point.module], point.attr)
        return f"{said} {point.attr}, which {point.module} does not define{defines}"
    meant = near_module(point.module, [Path(one) for one in sys.path])
    return f"{said} a module that does not exist{f'. Did you mean {meant}?' if meant else ''}"


def _model_in(module: Any, file: Path) -> Any:
    """Return the module if it has the functions itself, else the only class that has them."""
    names = {*CONTRACT, *KNOWN}
    if any(hasattr(module, name) for name in names):
        return module
    classes = [
        one
        for one in vars(module).values()
        if inspect.isclass(one) and one.__module__ == module.__name__ and _has_methods(one)
    ]
    if len(classes) > 1:
        named = " or ".join(f"{file.name}:{one.__name__}" for one in classes)
        raise CannotBeServed(f"{file} has several models. Choose one: {named}")
    if not classes and not any(misspelt(module)):
        raise CannotBeServed(f"{file} defines none of {', '.join(KNOWN)}, and no class with them")
    return classes[0] if classes else module


def _has_methods(model: type) -> bool:
    return any(callable(getattr(model, name, None)) for name in (*KNOWN, "run"))


def needs_instance(model: type) -> bool:
    if issubclass(model, BaseModel):
        return True
    for name in KNOWN:
        method = inspect.getattr_static(model, name, None)
        if not inspect.isfunction(method):
            continue
        parameters = list(inspect.signature(method).parameters.values())
        if not parameters:
            continue
        first = parameters[0]
        required = first.default is first.empty and first.kind in (
            first.POSITIONAL_ONLY,
            first.POSITIONAL_OR_KEYWORD,
        )
        if first.name == "self" or (required and name in ARGUMENTLESS):
            return True
    return False


KIND = ModelLoader(load)
