"""What the check knows of each kind of model, found by entry points; most need nothing here."""

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
    """The author's object as a worker loads it, None where that fails; why has been told."""
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
        session.add("host-refuses", place, problem, "correct this: no host serves the model so")
    elif outcome.error is not None:
        where = session.places.of_error(outcome.error) or place
        session.add("import-fails", where, reason(outcome.error), "correct what this says")
    return outcome.value


def _adopts_nothing(_session: Session, _found: Any) -> bool:
    """It knows its models by where they come from only."""
    return False


@dataclass(frozen=True)
class ModelCheck:
    """What the check knows of a kind of model.

    Attributes:
        find: the models that somebody means, None for none of this kind; raises ``UnknownSource``
            for what would be one, but is wrong. Without it the host's half is asked.
        check: tells what is wrong with a model, and gives back the author's object if its
            functions, arguments, metadata and examples are to be checked, too.
        adopt: checks an object that another kind has loaded; False if it is none of this kind.
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
    """Whether another kind has taken an object for one of its own, and checked it."""
    return any(kind.adopt(session, found) for kind in load_kinds().values())
