"""The host's half: which packages offer models, and of which files they are made."""

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
from deepaas.kinds.entry_point import GROUP
from deepaas.model.kinds import Installed, ModelKind, Recognised
from deepaas.model.sources import CODE
from deepaas.programs import OWN, Interpreter

_HOST = "deepaas"


def recognise(reference: str, interpreter: Interpreter) -> Recognised | None:
    names = {one.name for one in installed(interpreter)}
    return Recognised(reference, reference) if reference in names else None


def installed(interpreter: Interpreter) -> list[Installed]:
    """Of ours with the packages that they are in."""
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
    """The folders of a model's packages, and the files of modules that stand alone.

    They are those of the distribution that has the entry point, and of the distributions that it
    requires as far as they are installed for editing.
    """
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
    """Packages in the folders that a ``.pth`` file adds to the path."""
    with contextlib.suppress(OSError):
        for line in path.read_text().splitlines():
            folder = Path(line)
            if folder.is_absolute() and folder.is_dir():
                yield from (child.parent.name for child in folder.glob("*/__init__.py"))


def _places(name: str) -> list[Path]:
    """Where a module that is not in a package lies; empty when it is not there (any more)."""
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
    recognise, roots, installed=installed, offer=f"an entry point in the group '{GROUP}'"
)
