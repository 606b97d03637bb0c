"""JSON of what models return beside tensors: subclasses of plain types, mappings, and whatever has
``tolist()``, like numbers of NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_plain(thing: Any) -> Any:
    """The hook of msgspec for types that it does not know. Raises ``TypeError`` for others."""
    kinds: tuple[type[Any], ...] = (str, float, int)
    for kind in kinds:
        if isinstance(thing, kind):
            return kind(thing)
    if isinstance(thing, Mapping):
        return dict(thing)
    if hasattr(thing, "tolist"):
        return thing.tolist()
    raise TypeError(f"objects of type {type(thing).__name__} are not JSON")
