"""Finds entry points and folders by the name or path that is to be checked."""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from deepaas.author_files.folders import is_path, is_project, project_folder, split
from deepaas.author_files.lines import shown
from deepaas.author_files.modules import near_module
from deepaas.author_files.project import PackageProject, read
from deepaas.check.findings import Finding, finding
from deepaas.check.target import CheckTarget, Target, UnknownSource
from deepaas.kinds.entry_point import GROUP, is_near_group
from deepaas.kinds.entry_point.check.codes import (
    ENTRY_POINT_TWICE,
    INSTALL_STALE,
    NO_ENTRY_POINT,
    PROJECT_UNREADABLE,
)
from deepaas.model.kinds import Certainty, in_vain, load_kinds
from deepaas.near_names import near_path
from deepaas.programs import OWN

NAME = "entry_point"


def find(source: str) -> CheckTarget | None:
    """Return the models to check; None if they are of another kind. Raises ``ConfigError``.

    `source`: the name of an entry point, a path to a project, a package or a module, or a dotted
    module name.
    """
    installed = list(metadata.entry_points(group=GROUP, name=source))
    if installed:
        return _installed(source, installed)
    place, _ = split(source)
    if is_path(source) and place.exists():
        if place.is_dir() and is_project(place):
            return _project(read(place.resolve(), GROUP))
        return _by_path(source)
    if _is_module(source):
        name, paths = source.rpartition(":")[0] or source, [str(Path.cwd())]
        return CheckTarget([Target(name, NAME, source, paths=paths)], certainty=Certainty.GUESS)
    near = near_path(place)
    meant = shown(near) if near else ""
    if not meant and "." in source and not is_path(source):
        meant = near_module(source, [Path(), *map(Path, sys.path)])
    meant = (
        f"Did you mean {meant}?"
        if meant
        else " ".join([_installed_names(), *in_vain(load_kinds())])
    )
    raise UnknownSource(f"there is no model, folder, file or module called {source!r}. {meant}")


def _by_path(source: str) -> CheckTarget | None:
    found = load_kinds()[NAME].recognise(source, OWN)
    if found is None:
        return None
    folder = project_folder(split(found.source)[0])
    place, folder_of_project = shown(split(found.source)[0]), str(folder)
    if not is_project(folder):
        folder_of_project = ""
    target = Target(found.name, NAME, found.source, place, folder=folder_of_project)
    return CheckTarget([target], certainty=found.certainty)


def _installed(name: str, entries: list[metadata.EntryPoint]) -> CheckTarget:
    found = CheckTarget()
    owners = [entry.dist.name if entry.dist else "?" for entry in entries]
    if len(entries) > 1:
        found.findings.append(_twice(name, f"entry point {name}", owners))
    value = entries[0].value
    found.targets.append(Target(name, NAME, value, place=f"entry point {name} of {owners[0]}"))
    return found


def _project(project: PackageProject) -> CheckTarget | None:
    sure = Certainty.SURE if project.entry_points else Certainty.GUESS
    found = CheckTarget(certainty=sure)
    for place, reason in project.broken:
        found.findings.append(
            finding(
                PROJECT_UNREADABLE,
                place,
                f"invalid file: {reason}",
                "correct it: the project cannot be installed",
            )
        )
    declared = project.entry_points or _entry_points_of(project.name)
    for name, value in declared.items():
        place = project.lines.get(name, project.place)
        paths = _paths(project, value)
        found.targets.append(Target(name, NAME, value, place, paths, str(project.folder)))
        found.findings += _against_installed(project, name, value, place)
    if declared:
        return found
    if (by_path := _by_path(f"{project.folder}/")) is None:
        return None
    if not project.broken:
        found.findings.append(_no_entry_point(project))
    found.targets = by_path.targets
    return found


def _no_entry_point(project: PackageProject) -> Finding:
    example = project.name.replace("-", "_") or "my_model"
    for group, place in project.other_groups.items():
        if is_near_group(group):
            problem = f"the group of the entry point is {group!r}: hosts only look at {GROUP!r}"
            return finding(NO_ENTRY_POINT, place, problem, f"call the group {GROUP!r}")
    fix = f'in pyproject.toml: [project.entry-points."{GROUP}"] {example} = "{example}.api"'
    problem = f"no entry point in the group {GROUP}: a host can only serve it by its path"
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
                f"{project.name} is installed, but without the entry point {name} = {value}",
                f"install it again: pip install -e {shown(project.folder)}",
            )


def _twice(name: str, place: str, owners: list[str]) -> Finding:
    return finding(
        ENTRY_POINT_TWICE,
        place,
        f"several installed packages have an entry point {name!r}: {', '.join(owners)}. "
        "The host uses none of them",
        "rename one of them, or uninstall it",
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


def _is_module(source: str) -> bool:
    """Whether the first part of a dotted name can be imported, found without importing it."""
    module = source.partition(":")[0]
    if not all(word.isidentifier() for word in module.split(".")):
        return False
    top = module.partition(".")[0]
    path = [str(Path.cwd()), *sys.path]
    found = importlib.machinery.PathFinder.find_spec(top, path)
    if found is None:
        return False
    return top == module or found.submodule_search_locations is not None


def _installed_names() -> str:
    names = sorted({entry.name for entry in metadata.entry_points(group=GROUP)})
    return f"Installed models: {', '.join(names)}." if names else "No model is installed."


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
