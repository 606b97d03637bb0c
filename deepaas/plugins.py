"""Plugins of installed packages, by entry points. A broken one does not affect the others."""

from __future__ import annotations

import functools
import logging
import sys
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any, TypeVar

MODEL_KINDS = "deepaas.kind"
"""Entry points of the host's part of kinds of models, see ``model.kinds``."""

MODEL_LOADERS = "deepaas.runtime"
"""Entry points of the worker's part, under the same names, see ``runtime.kinds``."""

_log = logging.getLogger(__name__)

T = TypeVar("T")


def points(group: str) -> EntryPoints:
    """The entry points of a group, as they were at the first call in this process."""
    found: EntryPoints = _installed(tuple(sys.path)).select(group=group)
    return found


def groups() -> set[str]:
    """The groups of which installed packages have entry points."""
    return set(_installed(tuple(sys.path)).groups)


@functools.lru_cache(maxsize=4)
def _installed(_path: tuple[str, ...]) -> Any:
    """All entry points: reading them takes 7 ms, and a start needs five or six groups."""
    return entry_points()


def in_order(group: str) -> list[EntryPoint]:
    """The same in order of names; DEEPaaS's own come first if names are equal."""
    return sorted(points(group), key=lambda one: (one.name, not one.value.startswith("deepaas.")))


def offered(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name; duplicates are logged, and DEEPaaS's own win."""
    found: dict[str, EntryPoint] = {}
    for point in in_order(group):
        first = found.setdefault(point.name, point)
        if first.value != point.value:
            _log.error(
                "ignoring %s of the group %s: %r is already %s",
                *(point.value, group, point.name, first.value),
            )
    return found


def load(point: EntryPoint, shape: type[T]) -> T:
    """Load an entry point; TypeError if the object has the wrong type."""
    loaded = point.load()
    if not isinstance(loaded, shape):
        raise TypeError(f"{point.value} is not a {shape.__module__}.{shape.__qualname__}")
    return loaded


def load_all(group: str, shape: type[T]) -> dict[str, T]:
    """Load the entry points of a group; those that fail are logged."""
    loaded = {}
    for name, point in offered(group).items():
        try:
            loaded[name] = load(point, shape)
        except Exception:  # noqa: PERF203
            _log.exception("%r of the group %s cannot be loaded", name, group)
    return loaded
