"""Which name somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

ALIKE = 0.7
"""Of 1 for equal names: ``lisen-port`` and ``listen-port`` have 0.95."""


def near(name: str, known: Iterable[str], alike: float = ALIKE) -> str | None:
    """The most similar of the known names."""
    close = difflib.get_close_matches(name, sorted(known), 1, alike)
    return close[0] if close else None


def did_you_mean(name: str, known: Iterable[str], alike: float = ALIKE) -> str:
    """To be put behind "there is no …"; empty if no name is near."""
    found = near(name, known, alike)
    return f"; did you mean {found}?" if found else ""
