"""A typed predictor: all that is wrong with how it is declared, as its worker would say it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deepaas.check.places import shown
from deepaas.check.session import Outcome, Session
from deepaas.kinds.cog import split
from deepaas.kinds.cog.worker.loading import load
from deepaas.kinds.cog.worker.predictor import wrap
from deepaas.kinds.cog.worker.signature import Faults
from deepaas.runtime.contract import Model
from deepaas.runtime.failures import CannotBeServed, reason

CODE = "typed-predictor"


def check(session: Session) -> None:
    """Import the predictor at a path and read its signature; it is neither set up nor called."""
    source = session.target.value
    path, _ = split(source)
    session.places.add(path)
    place = shown(path)
    outcome = session.run("import", f"importing {source}", lambda: load(source), place)
    if not _tell_faults(session, outcome, place) and outcome.error is not None:
        where = session.places.of_error(outcome.error) or place
        fix = "correct what this line does; what can wait belongs in setup()"
        session.add("import-fails", where, reason(outcome.error), fix)


def check_object(session: Session, target: Any) -> None:
    """The same for one that has been imported, since an entry point names it."""
    name = target.__qualname__
    place = session.places.of_function(target) or session.place
    outcome = session.run("object", f"reading the signature of {name}", lambda: wrap(target), place)
    if not _tell_faults(session, outcome, place) and outcome.error is not None:
        where = session.places.of_error(outcome.error) or place
        problem = f"no object of the class {name} can be made: {reason(outcome.error)}"
        fix = f"let {name}() work without arguments; what can wait belongs in setup()"
        session.add("object-not-made", where, problem, fix)


def _tell_faults(session: Session, outcome: Outcome, place: str) -> bool:
    """Tell what is wrong with a declaration; whether that was all there is to tell."""
    error = outcome.error
    if isinstance(error, Faults):
        for fault in error.faults:
            session.add(CODE, place, fault, "correct this: no host serves the model until then")
    elif isinstance(error, CannotBeServed):
        session.add(CODE, place, str(error), "correct this: no host finds the model until then")
    elif outcome.good:
        _describe(session, outcome.value, place)
    else:
        return False
    return True


def _describe(session: Session, predictor: object, place: str) -> None:
    try:
        Model(session.target.name, predictor, Path(session.spool)).describe()
    except Exception as error:
        where = session.places.of_error(error) or place
        session.add("host-refuses", where, reason(error), "correct what this says")
    session.note("setup and the predictor were not called")
