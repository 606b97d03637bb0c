"""From the name that somebody gives to entry points and folders."""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from deepaas.check.findings import Finding, finding
from deepaas.check.places import shown
from deepaas.check.target import CheckTarget, Target, UnknownSource
from deepaas.kinds.entry_point import GROUP
from deepaas.kinds.entry_point.check.codes import (
    ENTRY_POINT_TWICE,
    INSTALL_STALE,
    NO_ENTRY_POINT,
    PROJECT_UNREADABLE,
)
from deepaas.kinds.entry_point.check.project import PackageProject, is_project, read
from deepaas.model.kinds import Certainty

NAME = "entry_point"


def find(source: str) -> CheckTarget:
    """Find out what somebody means. Raises ``UnknownSource``.

    `source`: the name of an entry point, a path to a project, a package or a module, or a dotted
    module name; empty for the project in the working directory.
    """
    path = Path(source or ".")
    if "/" not in source and not source.startswith(".") and not source.endswith(".py"):
        installed = list(metadata.entry_points(group=GROUP, name=source)) if source else []
        if installed:
            return _installed(source, installed)
    if path.is_dir():
        if is_project(path):
            return _project(read(path.resolve()))
        target = _folder(path.resolve())
        if target is not None:
            return CheckTarget([target], certainty=Certainty.GUESS)
        missing = f"{_named(source, path)} is no model package: it has neither a pyproject.toml"
        raise UnknownSource(f"{missing} (setup.cfg, setup.py) nor an api.py. {_installed_names()}")
    if path.is_file():
        if path.suffix != ".py":
            raise UnknownSource(f"{source} is no Python file")
        return CheckTarget([_file(path.resolve())], certainty=Certainty.GUESS)
    if _is_module(source):
        name, paths = source.rpartition(":")[0] or source, [str(Path.cwd())]
        return CheckTarget([Target(name, NAME, source, paths=paths)], certainty=Certainty.GUESS)
    raise UnknownSource(
        f"there is no model, folder, file or module called {source!r}. {_installed_names()}"
    )


def _installed(name: str, entries: list[metadata.EntryPoint]) -> CheckTarget:
    found = CheckTarget()
    owners = [entry.dist.name if entry.dist else "?" for entry in entries]
    if len(entries) > 1:
        found.findings.append(_twice(name, f"entry point {name}", owners))
    value = entries[0].value
    found.targets.append(Target(name, NAME, value, place=f"entry point {name} of {owners[0]}"))
    return found


def _project(project: PackageProject) -> CheckTarget:
    sure = Certainty.SURE if project.entry_points else Certainty.GUESS
    found = CheckTarget(certainty=sure)
    for place, reason in project.broken:
        found.findings.append(
            finding(
                PROJECT_UNREADABLE,
                place,
                f"the file cannot be read: {reason}",
                "correct it: nothing in this project can be installed before",
            )
        )
    declared = project.entry_points or _entry_points_of(project.name)
    for name, value in declared.items():
        place = project.lines.get(name, project.place)
        paths = _paths(project, value)
        found.targets.append(Target(name, NAME, value, place, paths, str(project.folder)))
        found.findings += _against_installed(project, name, value, place)
    if not declared:
        if not project.broken:
            found.findings.append(_no_entry_point(project))
        guess = next(filter(None, map(_folder, _candidates(project))), None)
        if guess is not None:
            found.targets.append(
                Target(guess.name, NAME, guess.value, "", guess.paths, str(project.folder))
            )
    return found


def _no_entry_point(project: PackageProject) -> Finding:
    example = project.name.replace("-", "_") or "my_model"
    fix = f'in pyproject.toml: [project.entry-points."{GROUP}"] {example} = "{example}.api"'
    problem = f"no entry point in the group {GROUP} is declared: no host will find the model"
    return finding(NO_ENTRY_POINT, project.place, problem, fix)


def _against_installed(
    project: PackageProject, name: str, value: str, place: str
) -> Iterator[Finding]:
    own = _normal(project.name)
    others = [
        entry.dist.name
        for entry in metadata.entry_points(group=GROUP, name=name)
        if entry.dist is not None and _normal(entry.dist.name) != own
    ]
    if others:
        yield _twice(name, place, [project.name or "this project", *others])
    try:
        installed = metadata.distribution(project.name) if project.name else None
    except metadata.PackageNotFoundError:
        installed = None
    if installed is not None:
        known = {e.name: e.value for e in installed.entry_points if e.group == GROUP}
        if known.get(name) != value:
            yield finding(
                INSTALL_STALE,
                place,
                f"{project.name} is installed here, but not with the entry point {name} = {value}",
                f"install it again: pip install -e {shown(project.folder)}",
            )


def _twice(name: str, place: str, owners: list[str]) -> Finding:
    return finding(
        ENTRY_POINT_TWICE,
        place,
        f"several installed packages have an entry point {name!r}: {', '.join(owners)}; "
        "the host takes none of them",
        "give one of them another name, or uninstall it",
    )


def _entry_points_of(name: str) -> dict[str, str]:
    try:
        installed = metadata.distribution(name) if name else None
    except metadata.PackageNotFoundError:
        return {}
    entries = installed.entry_points if installed else ()
    return {entry.name: entry.value for entry in entries if entry.group == GROUP}


def _paths(project: PackageProject, value: str) -> list[str]:
    top = value.partition(":")[0].partition(".")[0].strip()
    roots = list(dict.fromkeys(root.resolve() for root in project.roots if root.is_dir()))
    fitting = [r for r in roots if (r / top).is_dir() or (r / f"{top}.py").is_file()]
    return [str(root) for root in fitting[:1] or roots]


def _candidates(project: PackageProject) -> Iterator[Path]:
    for root in project.roots:
        if root.is_dir():
            yield root
            yield from sorted(one for one in root.iterdir() if (one / "__init__.py").is_file())


def _folder(folder: Path) -> Target | None:
    """A folder without project files: the model is its api module, or the package itself."""
    for inner in (folder / "api.py", folder / "api" / "__init__.py", folder / "__init__.py"):
        if inner.is_file():
            return _file(inner)
    return None


def _file(file: Path) -> Target:
    names = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    value = ".".join(names)
    return Target(value, NAME, value, paths=[str(folder)])


def _is_module(source: str) -> bool:
    """Whether the first part of a dotted name can be imported; nothing is imported for that."""
    module = source.partition(":")[0]
    if not all(word.isidentifier() for word in module.split(".")):
        return False
    top = module.partition(".")[0]
    path = [str(Path.cwd()), *sys.path]
    return importlib.machinery.PathFinder.find_spec(top, path) is not None


def _installed_names() -> str:
    names = sorted({entry.name for entry in metadata.entry_points(group=GROUP)})
    return f"Installed models: {', '.join(names)}" if names else "No model is installed"


def _named(source: str, path: Path) -> str:
    return source or f"the working directory {path.resolve()}"


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
