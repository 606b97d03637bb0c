"""Suggests the name, or the path, that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

ALIKE = 0.7
"""Equal names have 1, ``lisen-port`` and ``listen-port`` 0.95."""


def near(name: str, known: Iterable[str], alike: float = ALIKE) -> str | None:
    """Return the most similar of the known names; case, and ``-`` for ``_``, do not matter."""
    wanted = _folded(name)
    folded = {_folded(one): one for one in sorted(known)}
    # Most differ so much in length that they cannot be alike, and difflib takes its time.
    possible = [one for one in folded if _could_be_alike(len(one), len(wanted), alike)]
    close = difflib.get_close_matches(wanted, possible, 1, alike)
    return folded[close[0]] if close else None


def _could_be_alike(one: int, other: int, alike: float) -> bool:
    """Whether two texts of these lengths can be so similar; the same that difflib looks at."""
    return 2 * min(one, other) >= alike * (one + other)


def _folded(name: str) -> str:
    return name.lower().replace("-", "_")


def near_path(place: Path) -> Path | None:
    """What is there and has nearly the path of a file or folder that is not there."""
    missing = place
    while not missing.parent.exists():
        missing = missing.parent
    try:
        names = [one.name for one in missing.parent.iterdir() if not one.name.startswith(".")]
    except OSError:
        return None
    name = near(missing.name, names)
    found = missing.parent / (name or "") / place.relative_to(missing)
    return found if name and found.exists() else None


def did_you_mean(name: str, known: Iterable[str], alike: float = ALIKE) -> str:
    """Ends a message such as "there is no …"; empty if no known name is similar."""
    found = near(name, known, alike)
    return f". Did you mean {found}?" if found else ""
