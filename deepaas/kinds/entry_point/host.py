"""The host's part: which packages and files contain a model, and which folders to watch."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from deepaas import plugins
from deepaas.author_files.contents import look
from deepaas.author_files.folders import (
    API,
    PROJECT_FILES,
    code_folder,
    is_path,
    is_project,
    missing,
    model_file,
    split,
)
from deepaas.author_files.modules import near_module
from deepaas.author_files.project import PackageProject, read
from deepaas.errors import ConfigError
from deepaas.kinds.entry_point import GROUP, is_near_group
from deepaas.model.kinds import Certainty, Installed, ModelKind, Recognised, cleaned, name_of
from deepaas.model.sources import CODE
from deepaas.programs import OWN, Interpreter

_HOST = "deepaas"


def recognise(reference: str, interpreter: Interpreter) -> Recognised | None:
    """Recognise an entry point, or a path: ``api.py``, ``api.py:Model``, a folder, a project.

    Raises ``ConfigError`` for a path with no model or with several.
    """
    if not is_path(reference):
        names = {one.name for one in installed(interpreter)}
        return Recognised(reference, reference) if reference in names else None
    place, name = split(reference)
    if not place.exists():
        raise ConfigError(missing(place))
    if place.is_dir():
        return _in_folder(place)
    if place.suffix == ".ipynb":
        raise ConfigError(
            f"{place} is a notebook. Convert it to a script first: "
            f"jupyter nbconvert --to script {place.name}"
        )
    if place.suffix != CODE:
        return None
    return _file(place, name)


def _file(file: Path, name: str = "") -> Recognised | None:
    found = look(file, name)
    if found == "typed":
        return None
    certainty = Certainty.SURE if name and found else Certainty.GUESS
    if found and not name:
        certainty = Certainty.LIKELY
    return Recognised(name_of(file), f"{file}:{name}" if name else str(file), certainty)


def _in_folder(folder: Path) -> Recognised | None:
    project = read(folder, GROUP) if is_project(folder) else PackageProject(folder, GROUP)
    if project.entry_points:
        return _declared(project)
    return _file(model_file(folder))


def _declared(project: PackageProject) -> Recognised:
    if len(project.entry_points) > 1:
        files = {name: project.file_of(value) for name, value in project.entry_points.items()}
        named = ", ".join(f"{name}={file}" for name, file in files.items() if file)
        raise ConfigError(f"{project.folder} has several models. Choose one: {named}.")
    ((name, value),) = project.entry_points.items()
    file = project.file_of(value)
    if file is None:
        module = value.partition(":")[0].strip()
        raise ConfigError(
            f"{project.lines[name]}: the entry point {name} refers to the module {module}, "
            f"which is not in {project.folder}{_meant(module, project)}"
        )
    attribute = value.partition(":")[2].partition("[")[0].strip()
    return Recognised(cleaned(name), f"{file}:{attribute}" if attribute else str(file))


def _meant(module: str, project: PackageProject) -> str:
    meant = near_module(module, project.roots)
    return f". Did you mean {meant}?" if meant else "."


def in_vain() -> list[str]:
    """Return a sentence for each package with entry points in a group of nearly the right name."""
    packages = {
        group: entry.dist.name if entry.dist is not None else entry.name
        for group in filter(is_near_group, plugins.groups())
        for entry in plugins.points(group)
    }
    return [
        f"The package {package} has entry points in the group {group!r}. Did you mean {GROUP!r}?"
        for group, package in packages.items()
    ]


def installed(interpreter: Interpreter) -> list[Installed]:
    """Return the installed models; for this interpreter with their packages."""
    if interpreter is not OWN:
        return [Installed(name) for name in interpreter.entry_points(GROUP)]
    return [
        Installed(
            entry.name,
            entry.dist.name if entry.dist else "",
            entry.dist.version if entry.dist else "",
            entry.value,
        )
        for entry in set(plugins.points(GROUP))
    ]


def roots(model: str) -> list[Path]:
    """Return the folders of a model's packages, and the files of single modules.

    For a path, this is the package or folder that contains it. For an entry point, these are those
    of its distribution and of the editable installs among its requirements.
    """
    if is_path(model):
        return [code_folder(split(model)[0])]
    importlib.invalidate_caches()
    names: dict[str, None] = {}
    for entry in metadata.entry_points(group=GROUP, name=model):
        names[entry.module.partition(".")[0]] = None
        if entry.dist is not None:
            for distribution in _edited_with(entry.dist):
                names |= dict.fromkeys(_top_level(distribution))
    found: dict[Path, None] = {}
    for name in names:
        found |= dict.fromkeys(_places(name))
    return list(found)


def _edited_with(distribution: metadata.Distribution) -> list[metadata.Distribution]:
    found = {_normal(distribution.name or ""): distribution}
    waiting = [distribution]
    while waiting:
        for requirement in waiting.pop().requires or []:
            matched = re.match(r"[\w.-]+", requirement)
            name = _normal(matched[0]) if matched else ""
            if name in (*found, "", _HOST):
                continue
            try:
                required = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                continue  # An extra that is not installed.
            if _is_editable(required):
                found[name] = required
                waiting.append(required)
    return list(found.values())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_editable(distribution: metadata.Distribution) -> bool:
    with contextlib.suppress(ValueError):
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        return bool(origin.get("dir_info", {}).get("editable"))
    return False


def _top_level(distribution: metadata.Distribution) -> list[str]:
    if declared := (distribution.read_text("top_level.txt") or "").split():
        return declared
    names: dict[str, None] = {}
    for file in distribution.files or []:
        if file.suffix == CODE and file.parts[0].removesuffix(CODE).isidentifier():
            names[file.parts[0].removesuffix(CODE)] = None
        elif file.suffix == ".pth" and len(file.parts) == 1:
            names |= dict.fromkeys(_packages_in_path_file(Path(str(file.locate()))))
    return list(names)


def _packages_in_path_file(path: Path) -> Iterator[str]:
    """Return the packages in the folders that a ``.pth`` file adds to the path."""
    with contextlib.suppress(OSError):
        for line in path.read_text().splitlines():
            folder = Path(line)
            if folder.is_absolute() and folder.is_dir():
                yield from (child.parent.name for child in folder.glob("*/__init__.py"))


def _places(name: str) -> list[Path]:
    """Return the folders or the file of a top-level module; nothing if it does not exist."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(folder).resolve() for folder in spec.submodule_search_locations]
    return [Path(spec.origin).resolve()] if spec.has_location and spec.origin else []


KIND = ModelKind(
    recognise,
    roots,
    installed=installed,
    in_vain=in_vain,
    offer=f"an entry point in the group '{GROUP}'",
    files=(API, f"src/{API}", *PROJECT_FILES),
)
