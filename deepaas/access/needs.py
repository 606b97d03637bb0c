"""Which right a route needs: its handler says so, with :func:`needs` or :func:`open_to_all`.

A handler that says nothing belongs to a door of another package, or has been forgotten: reading
needs ``read``, everything else ``manage``. So a new route is never open by accident.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from deepaas.access.principal import Right

_ATTRIBUTE = "deepaas_need"

Function = TypeVar("Function", bound=Callable[..., Any])


class Reach(Enum):
    """The models for which a principal needs the right.

    Attributes:
        NAMED: the one that the request names; all of them if it names none.
        SEEN: any; the handler only shows those that the principal may read.
        ALL: all of them, whichever the request names.
    """

    NAMED = "named"
    SEEN = "seen"
    ALL = "all"


@dataclass(frozen=True)
class Need:
    """``right`` is None if none is needed; ``document``: ``--public-docs`` opens the route."""

    right: Right | None
    reach: Reach = Reach.NAMED
    document: bool = False


OPEN = Need(None)

_READ, _MANAGE = Need(Right.READ), Need(Right.MANAGE)


def needs(
    right: Right, reach: Reach = Reach.NAMED, *, document: bool = False
) -> Callable[[Function], Function]:
    """Declare what a handler needs."""
    return _declaring(Need(right, reach, document))


def open_to_all(handler: Function) -> Function:
    """Declare that a handler needs no key: it must not show anything about a model."""
    return _declaring(OPEN)(handler)


def need_of(method: str, handler: Any) -> Need:
    found = getattr(handler, _ATTRIBUTE, None)
    if isinstance(found, Need):
        return found
    return _READ if method in ("GET", "HEAD") else _MANAGE


def _declaring(need: Need) -> Callable[[Function], Function]:
    def declare(handler: Function) -> Function:
        vars(handler)[_ATTRIBUTE] = need
        return handler

    return declare
