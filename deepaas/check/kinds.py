"""Checks for each kind of model, found by entry points; most kinds need no checks of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepaas import plugins
from deepaas.check.codes import CODES, Code
from deepaas.check.session import Session
from deepaas.check.target import CheckTarget
from deepaas.runtime import kinds
from deepaas.runtime.failures import CannotBeServed, reason

GROUP = "deepaas.check"
"""Entry points of :class:`ModelCheck`, under the names of the kinds."""


def load(session: Session) -> Any:
    """Load the author's object as a worker does; None, after reporting why, if that fails."""
    target = session.target
    place = session.place
    outcome = session.run(
        "import",
        f"loading {target.value}",
        lambda: kinds.load(target.kind, target.value),
        place,
    )
    if isinstance(outcome.error, CannotBeServed):
        problem = str(outcome.error)
        session.add("host-refuses", place, problem, "fix this: a host cannot load the model")
    elif outcome.error is not None:
        where = session.places.of_error(outcome.error) or place
        session.add("import-fails", where, reason(outcome.error), "fix this error")
    return outcome.value


def _adopts_nothing(_session: Session, _found: Any) -> bool:
    """For kinds that only recognise models by their source."""
    return False


@dataclass(frozen=True)
class ModelCheck:
    """The checks of a kind of model.

    Attributes:
        find: find the models of a source, None if they are not of this kind; raises
            ``UnknownSource`` for an invalid one. By default the host's part is used.
        check: report the problems of a model. Return the author's object if its functions,
            arguments, metadata and examples must be checked too.
        adopt: check an object that another kind has loaded; False if it is not of this kind.
    """

    find: Callable[[str], CheckTarget | None] | None = None
    check: Callable[[Session], Any] = load
    adopt: Callable[[Session, Any], bool] = _adopts_nothing
    codes: Sequence[Code] = ()


def load_kinds() -> Mapping[str, ModelCheck]:
    return plugins.load_all(GROUP, ModelCheck)


def codes() -> Iterator[Code]:
    for kind in load_kinds().values():
        yield from kind.codes
    yield from CODES.values()


def adopted(session: Session, found: Any) -> bool:
    """Whether another kind has recognised an object as its own, and checked it."""
    return any(kind.adopt(session, found) for kind in load_kinds().values())
