"""A typed predictor: all that is wrong with how it is declared, as its worker would say it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deepaas.check.codes import error
from deepaas.check.kinds import ModelCheck
from deepaas.check.session import Session, StepOutcome
from deepaas.kinds.cog import NAME
from deepaas.kinds.cog.worker.predictor import is_typed, wrap
from deepaas.kinds.cog.worker.signature import Faults
from deepaas.runtime import kinds
from deepaas.runtime.advice import advice
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.failures import CannotBeServed, reason
from deepaas.written.folders import split
from deepaas.written.lines import shown

CODE = error(
    "typed-predictor",
    "package",
    "a typed predictor (for Cog, for example) does not exist, or its signature is not supported",
)


def check(session: Session) -> None:
    """Import the predictor at a path and read its signature; it is neither set up nor called."""
    source = session.target.value
    path, _ = split(source)
    session.places.add(path)
    place = shown(path)
    outcome = session.run("import", f"importing {source}", lambda: kinds.load(NAME, source), place)
    if not _tell_faults(session, outcome, place) and outcome.error is not None:
        where = session.places.of_error(outcome.error) or place
        fix = advice(outcome.error)
        fix = fix or "correct what this line does; what can wait belongs in setup()"
        session.add("import-fails", where, reason(outcome.error), fix)


def adopt(session: Session, target: Any) -> bool:
    """The same for one that has been imported; False if an object is none."""
    if not is_typed(target):
        return False
    name = target.__qualname__
    place = session.places.of_function(target) or session.place
    outcome = session.run("object", f"reading the signature of {name}", lambda: wrap(target), place)
    if not _tell_faults(session, outcome, place) and outcome.error is not None:
        where = session.places.of_error(outcome.error) or place
        problem = f"no object of the class {name} can be made: {reason(outcome.error)}"
        fix = f"let {name}() work without arguments; what can wait belongs in setup()"
        session.add("object-not-made", where, problem, fix)
    return True


def _tell_faults(session: Session, outcome: StepOutcome, place: str) -> bool:
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
        LoadedModel(session.target.name, predictor, Path(session.spool)).describe()
    except Exception as error:
        where = session.places.of_error(error) or place
        session.add("host-refuses", where, reason(error), "correct what this says")
    session.note("setup and the predictor were not called")


KIND = ModelCheck(check=check, adopt=adopt, codes=[CODE])
