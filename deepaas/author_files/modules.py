"""Finds modules by their dotted names, without importing anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from deepaas.near_names import near


def near_module(name: str, roots: Sequence[Path]) -> str:
    """Return the module in one of the folders whose name is most like that of a missing one.

    Empty if there is none. Each word of the dotted name may be misspelt.
    """
    for root in roots:
        found: list[str] = []
        folder = root
        for word in name.split("."):
            names = {*_modules(folder)}
            meant = word if word in names else near(word, names)
            if meant is None:
                break
            found.append(meant)
            folder = folder / meant
        else:
            return ".".join(found)
    return ""


def _modules(folder: Path) -> Iterator[str]:
    try:
        inside = list(folder.iterdir())
    except OSError:
        return
    for one in inside:
        name = one.stem if one.suffix == ".py" else one.name
        if name.isidentifier() and (one.suffix == ".py" or one.is_dir()):
            yield name
