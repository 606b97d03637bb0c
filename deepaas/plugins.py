"""What packages offer behind entry points. One that is broken does the others no harm."""

from __future__ import annotations

import functools
import logging
import sys
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any, TypeVar

MODEL_KINDS = "deepaas.kind"
"""Entry points of the hosts' halves of kinds of model, see ``model.kinds``."""

MODEL_LOADERS = "deepaas.runtime"
"""Of their workers' halves, under the same names, see ``runtime.kinds``."""

_log = logging.getLogger(__name__)

T = TypeVar("T")


def points(group: str) -> EntryPoints:
    """The entry points of a group, as they were when this process first asked for any."""
    found: EntryPoints = _installed(tuple(sys.path)).select(group=group)
    return found


@functools.lru_cache(maxsize=4)
def _installed(_path: tuple[str, ...]) -> Any:
    """All entry points: reading them takes 7 ms, and a start asks for five groups or six."""
    return entry_points()


def in_order(group: str) -> list[EntryPoint]:
    """The same by name, of one name ours first."""
    return sorted(points(group), key=lambda one: (one.name, not one.value.startswith("deepaas.")))


def offered(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group, by name: of two with one name ours, and the log tells of it."""
    found: dict[str, EntryPoint] = {}
    for point in in_order(group):
        first = found.setdefault(point.name, point)
        if first.value != point.value:
            _log.error(
                "%s of the group %s is passed over: %r is %s",
                *(point.value, group, point.name, first.value),
            )
    return found


def load(point: EntryPoint, shape: type[T]) -> T:
    """What an entry point names; TypeError if it is not of the shape that its group wants."""
    loaded = point.load()
    if not isinstance(loaded, shape):
        raise TypeError(f"{point.value} is no {shape.__module__}.{shape.__qualname__}")
    return loaded


def load_all(group: str, shape: type[T]) -> dict[str, T]:
    """What the entry points of a group name; of those that cannot be loaded the log tells."""
    loaded = {}
    for name, point in offered(group).items():
        try:
            loaded[name] = load(point, shape)
        except Exception:  # noqa: PERF203
            _log.exception("%r of the group %s cannot be loaded; the others can", name, group)
    return loaded
