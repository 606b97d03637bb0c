"""A typed predictor: all that is wrong with how it is declared, as its worker would say it."""

from __future__ import annotations

from pathlib import Path

from deepaas.check.places import shown
from deepaas.check.session import Session
from deepaas.runtime.cog.loading import load, split
from deepaas.runtime.cog.signature import Faults
from deepaas.runtime.contract import Model
from deepaas.runtime.failures import CannotBeServed, reason

CODE = "typed-predictor"


def check(session: Session) -> None:
    """Import the predictor and read its signature; it is neither set up nor called."""
    source = session.target.value
    path, _ = split(source)
    session.places.add(path)
    place = shown(path)
    outcome = session.run("import", f"importing {source}", lambda: load(source), place)
    error = outcome.error
    if isinstance(error, Faults):
        for fault in error.faults:
            session.add(CODE, place, fault, "correct this: no host serves the model until then")
    elif isinstance(error, CannotBeServed):
        session.add(CODE, place, str(error), "correct this: no host finds the model until then")
    elif error is not None:
        where = session.places.of_error(error) or place
        fix = "correct what this line does; what can wait belongs in setup()"
        session.add("import-fails", where, reason(error), fix)
    elif not outcome.skipped:
        _describe(session, outcome.value, place)


def _describe(session: Session, predictor: object, place: str) -> None:
    try:
        Model(session.target.name, predictor, Path(session.spool)).describe()
    except Exception as error:
        where = session.places.of_error(error) or place
        session.add("host-refuses", where, reason(error), "correct what this says")
    session.note("setup and the predictor were not called")
