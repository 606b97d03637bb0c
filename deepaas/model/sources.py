"""Finds the source files of a model without importing them."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG

CODE = ".py"
SETTINGS = frozenset([".cfg", ".ini", ".json", ".toml", ".yaml", ".yml"])
"""Settings files count if their folder contains code; elsewhere they are treated as data."""

MAX_SETTINGS_BYTES = 2**20
"""Larger files are data. A larger file that is a model itself is compared without reading it."""

SKIPPED_FOLDERS = frozenset(["__pycache__", "node_modules", "site-packages"])


def snapshot(places: list[Path]) -> dict[Path, str]:
    """Return a digest of each relevant file: code in folders, and files listed in `places`."""
    digests = {}
    for place in places:
        is_named = place.is_file()
        for path in [place] if is_named else _files(place):
            # A file may disappear meanwhile.
            with contextlib.suppress(OSError):
                stat = path.stat()
                if not S_ISREG(stat.st_mode):
                    continue  # A pipe or a device has no end.
                if path.suffix == CODE or stat.st_size <= MAX_SETTINGS_BYTES:
                    digests[path] = hashlib.sha256(path.read_bytes()).hexdigest()
                elif is_named:
                    digests[path] = f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}"
    return digests


def _files(folder: Path) -> Iterator[Path]:
    for directory, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _is_skipped(Path(directory, name))]
        # Hidden files belong to editors.
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
