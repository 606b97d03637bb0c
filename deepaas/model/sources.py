"""Which files a model is made of, found without importing any of them."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import json
import os
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from deepaas.model.discovery import GROUP

CODE = ".py"
SETTINGS = frozenset([".cfg", ".ini", ".json", ".toml", ".yaml", ".yml"])
"""Files that count when they lie in a folder with code: elsewhere they are taken for data."""

MAX_SETTINGS_BYTES = 2**20
"""A larger file is data."""

SKIPPED_FOLDERS = frozenset(["__pycache__", "node_modules", "site-packages"])

_HOST = "deepaas"


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


def snapshot(places: list[Path]) -> dict[Path, str]:
    """A digest of each file that counts.

    Args:
        places: from :func:`roots`.
    """
    digests = {}
    for place in places:
        for path in [place] if place.is_file() else _files(place):
            # A file may go while it is looked at.
            with contextlib.suppress(OSError):
                if path.suffix == CODE or path.stat().st_size <= MAX_SETTINGS_BYTES:
                    digests[path] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


def _files(folder: Path) -> Iterator[Path]:
    for directory, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _is_skipped(Path(directory, name))]
        # Hidden files are an editor's.
        shown = [Path(directory, name) for name in files if not name.startswith(".")]
        has_code = any(path.suffix == CODE for path in shown)
        for path in shown:
            if path.suffix == CODE or (has_code and path.suffix in SETTINGS):
                yield path


def _is_skipped(folder: Path) -> bool:
    return (
        folder.name.startswith(".")
        or folder.name in SKIPPED_FOLDERS
        or (folder / "pyvenv.cfg").exists()
    )


def _edited_with(distribution: metadata.Distribution) -> list[metadata.Distribution]:
    """The distribution, and what it requires if that is installed for editing."""
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
    """Names of the modules that a distribution has brought, as far as it says."""
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
