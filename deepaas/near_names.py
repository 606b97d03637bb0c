"""Suggests the name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

ALIKE = 0.7
"""Equal names have 1, ``lisen-port`` and ``listen-port`` 0.95."""


def near(name: str, known: Iterable[str], alike: float = ALIKE) -> str | None:
    """The most similar of the known names."""
    close = difflib.get_close_matches(name, sorted(known), 1, alike)
    return close[0] if close else None


def did_you_mean(name: str, known: Iterable[str], alike: float = ALIKE) -> str:
    """Ends a message such as "there is no …"; empty if no known name is similar."""
    found = near(name, known, alike)
    return f"; did you mean {found}?" if found else ""
