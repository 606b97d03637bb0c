"""Imports the model as a worker does."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, PackageNotFoundError
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from deepaas.author_files import as_installed
from deepaas.author_files.folders import code_folder, is_path, package_root, split
from deepaas.author_files.lines import shown
from deepaas.author_files.modules import near_module
from deepaas.author_files.project import read
from deepaas.author_files.python import source, tree
from deepaas.check import manners
from deepaas.check.sentences import problem_and_fix
from deepaas.check.session import Session, printed_bytes
from deepaas.check.target import Target
from deepaas.kinds.entry_point import GROUP
from deepaas.kinds.entry_point.check import requirements
from deepaas.kinds.entry_point.check.codes import ENTRY_POINT_NOWHERE, IMPORT_SIBLING
from deepaas.kinds.entry_point.worker import from_file, needs_instance
from deepaas.runtime.advice import advice
from deepaas.runtime.failures import CannotBeServed, reason
from deepaas.runtime.source_files import import_file, it_defines


def load(session: Session) -> Any:
    """Return the model; None, after reporting the reason, if it cannot be imported."""
    target = session.target
    if is_path(target.value):
        file, _ = split(target.value)
        session.places.add(code_folder(file))
        found = _imported(
            session, f"importing {shown(target.value)}", lambda: from_file(target.value)
        )
        module = str(getattr(found, "__module__", None) or getattr(found, "__name__", ""))
    else:
        found, module = _load_entry_point(session)
    if found is None:
        return None
    session.place = shown(getattr(sys.modules.get(module), "__file__", None)) or session.place
    for name in {module, getattr(found, "__module__", None) or module}:
        origin = getattr(sys.modules.get(name), "__file__", None)
        if origin and not _is_library(origin):
            session.places.add(_root_of(Path(origin)))
    return found


def _load_entry_point(session: Session) -> tuple[Any, str]:
    """Return the object of the entry point and its module; None if it cannot be imported."""
    target = session.target
    sys.path[:0] = target.paths
    for root in _author_roots(module_of(target), target.paths):
        session.places.add(root)
        session.place = _module_file(root, module_of(target)) or session.place
    try:
        entry = EntryPoint(target.name, target.value, GROUP)
        module = entry.module
    except (AttributeError, ValueError):
        session.add(
            ENTRY_POINT_NOWHERE,
            target.place,
            f"invalid entry point: {target.name} = {target.value!r}",
            "write module or module:object, for example my_model.api",
        )
        return None, ""
    project = read(Path(target.folder), GROUP) if target.folder else None
    file = project.file_of(target.value) if project is not None else None

    def load() -> Any:
        if project is not None and file is not None:
            # As a host does for the path of the project.
            as_installed.show(project)
            import_file(file, project.folder)
        return entry.load()

    return _imported(session, f"importing {module}", load), module


def _imported(session: Session, doing: str, load: Callable[[], Any]) -> Any:
    before = printed_bytes()
    outcome = session.run("import", doing, load, session.place)
    if outcome.skipped:
        return None
    if isinstance(outcome.error, CannotBeServed):
        session.add("host-refuses", session.place, *problem_and_fix(str(outcome.error)))
    elif outcome.error is not None:
        _tell_failure(session, outcome.error)
    if outcome.error is None:
        manners.tell(session, module_of(session.target), "warm()", outcome.seconds, before)
        _tell_siblings(session)
    return outcome.value


def made(session: Session, found: Any) -> Any:
    """Return an instance of a class, or the object itself if it needs no instance.

    None, after reporting the reason, if the class cannot be instantiated.
    """
    if not inspect.isclass(found) or not needs_instance(found):
        return found
    name = found.__name__
    place = session.places.of_function(found) or session.place
    outcome = session.run("object", f"calling {name}()", found, place)
    if outcome.error is not None:
        abstract = sorted(getattr(found, "__abstractmethods__", ()))
        fix = f"make {name}() work without arguments, or use an instance as the entry point"
        if abstract:
            fix = f"add the missing methods ({', '.join(abstract)}), or remove the base class, "
            fix += "which is optional"
        problem = f"{name}() failed: {reason(outcome.error)}"
        session.add(
            "object-not-made", session.places.of_error(outcome.error) or place, problem, fix
        )
        return None
    return outcome.value


def _tell_failure(session: Session, error: BaseException) -> None:
    target = session.target
    place = session.places.of_error(error)
    module, _, attribute = target.value.partition(":")
    if isinstance(error, SyntaxError):
        _tell_syntax(session, error)
    elif isinstance(error, ModuleNotFoundError) and not place:
        session.add(
            ENTRY_POINT_NOWHERE,
            target.place,
            f"the entry point refers to the module {module}, but there is no module {error.name}",
            _nearest(session, module.strip()),
        )
    elif isinstance(error, AttributeError) and attribute and not place:
        session.add(
            ENTRY_POINT_NOWHERE,
            target.place,
            f"the entry point refers to {attribute.strip()!r}, which {module} does not define",
            f"use an object that {module} defines, or only the module"
            f"{it_defines(sys.modules[module.strip()], attribute.strip())}",
        )
    elif isinstance(error, ModuleNotFoundError):
        _tell_missing(session, error, place)
    elif isinstance(error, SystemExit):
        session.add(
            "import-fails",
            place,
            f"importing {module} calls sys.exit({error.code!r})",
            advice(error, session.there),
        )
    else:
        fix = advice(error, session.there)
        fix = fix or "fix this line; move slow or optional work to warm() or predict()"
        if isinstance(error, PackageNotFoundError):
            fix = f"install the project: pip install -e {shown(target.folder) or '.'}"
        session.add("import-fails", place or session.place, reason(error), fix)
    if not isinstance(error, SyntaxError):
        for root in session.places.roots:
            _read_all(session, root)


def _tell_missing(session: Session, error: ModuleNotFoundError, place: str) -> None:
    name = str(error.name)
    top = name.partition(".")[0]
    if canonicalize_name(top) in requirements.missing(session.target):
        return  # Already reported, with the requirement.
    if top == module_of(session.target).partition(".")[0]:
        fix = f"{top} has no such module: correct the name, or add the file"
    else:
        fix = f"{advice(error, session.there)}, and add it to the dependencies"
    session.add("import-missing", place, f"no module named {name!r}", fix)


def _tell_syntax(session: Session, first: SyntaxError) -> None:
    """Report all files of the package with syntax errors, not only the first."""
    told = {_syntax(session, first)}
    for root in session.places.roots:
        _read_all(session, root, told)


def _read_all(session: Session, root: Path, told: set[str] | None = None) -> None:
    told = set() if told is None else told
    for file in [root] if root.is_file() else sorted(root.rglob("*.py")):
        if not session.places.is_author(str(file)):
            continue
        try:
            tree(source(file), str(file))
        except SyntaxError as error:
            if shown(file, error.lineno) not in told:
                told.add(_syntax(session, error))
        except OSError:
            continue


def _syntax(session: Session, error: SyntaxError) -> str:
    place = session.places.of_error(error)
    session.add("syntax-error", place, f"invalid Python: {error.msg}", "correct this line")
    return place


def _tell_siblings(session: Session) -> None:
    """Report modules that are imported like scripts; this only works when served by path."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if "." in name or not file or not session.places.is_author(file):
            continue
        if package_root(Path(file)) != Path(file).parent and Path(file).name != "__init__.py":
            session.add(
                IMPORT_SIBLING,
                shown(file),
                f"{name} is imported like a script next to this file. This works by path, but not "
                "once the package is installed",
                f"from . import {name}",
            )


def module_of(target: Target) -> str:
    if is_path(target.value):
        return split(target.value)[0].stem
    return target.value.partition(":")[0].strip()


def _nearest(session: Session, module: str) -> str:
    paths = [*session.target.paths, *sys.path]
    if meant := near_module(module, [Path(path) for path in paths]):
        return f"did you mean {meant}?"
    looked = ", ".join(map(shown, map(Path, session.target.paths))) or "the installed packages"
    return f"correct the entry point, or add the module {module} (searched in {looked})"


def _author_roots(module: str, paths: list[str]) -> list[Path]:
    top = module.partition(".")[0]
    for path in map(Path, paths or sys.path):
        for root in (path / top, path / f"{top}.py"):
            if root.is_dir() or root.is_file():
                return [root]
    return []


def _module_file(root: Path, module: str) -> str:
    path = root.parent.joinpath(*module.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((shown(file) for file in files if file.is_file()), "")


def _root_of(file: Path) -> Path:
    root = file
    while (root.parent / "__init__.py").is_file():
        root = root.parent
    return root


def _is_library(file: str) -> bool:
    return "site-packages" in Path(file).parts and "deepaas" in Path(file).parts
