"""Checks of typed predictors. They report every problem, in the words of the worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deepaas.author_files.folders import split
from deepaas.author_files.lines import shown
from deepaas.check import calls, doors, functions, manners, page
from deepaas.check.arguments import Declared
from deepaas.check.codes import error
from deepaas.check.kinds import ModelCheck
from deepaas.check.sentences import problem_and_fix
from deepaas.check.session import Session, StepOutcome, printed_bytes
from deepaas.kinds.cog import NAME
from deepaas.kinds.cog.worker.faults import Faults
from deepaas.kinds.cog.worker.loading import is_typed
from deepaas.kinds.cog.worker.predictor import wrap
from deepaas.runtime import kinds
from deepaas.runtime.advice import advice
from deepaas.runtime.calling import AsksForArguments
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.failures import CannotBeServed, reason
from deepaas.runtime.signatures import DECLARED
from deepaas.runtime.traits import own_predict

CODE = error(
    "typed-predictor",
    "package",
    "a typed predictor (for Cog, for example) does not exist, or its signature is not supported",
)


def check(session: Session) -> None:
    """Import the predictor at a path, read its signature, set it up and call it."""
    source = session.target.value
    path, _ = split(source)
    session.places.add(path)
    session.place = place = shown(path)
    before = printed_bytes()
    outcome = session.run("import", f"importing {source}", lambda: kinds.load(NAME, source), place)
    if outcome.good:
        manners.tell(session, place, "setup()", outcome.seconds, before)
    if not _tell(session, outcome, place) and outcome.error is not None:
        where = session.places.of_error(outcome.error) or place
        fix = advice(outcome.error, session.there)
        fix = fix or "fix this line; move slow or optional work to setup()"
        session.add("import-fails", where, reason(outcome.error), fix)


def adopt(session: Session, target: Any) -> bool:
    """Check an imported object; False if it is not a typed predictor."""
    if not is_typed(target):
        return False
    name = target.__qualname__
    place = session.places.of_function(target) or session.place
    outcome = session.run("object", f"reading the signature of {name}", lambda: wrap(target), place)
    if not _tell(session, outcome, place) and outcome.error is not None:
        where = session.places.of_error(outcome.error) or place
        problem = f"{name}() failed: {reason(outcome.error)}"
        session.add(
            "object-not-made", where, problem, advice(outcome.error, session.there) or _UNMADE
        )
    return True


def _tell(session: Session, outcome: StepOutcome, place: str) -> bool:
    """Report the problems of a predictor, or continue with a good one; False for other errors."""
    error = outcome.error
    if isinstance(error, Faults):
        for fault in error.faults:
            where = shown(fault.file, fault.line) if fault.line else place
            session.add(CODE, where, fault.problem, fault.fix)
    elif isinstance(error, AsksForArguments):
        where = session.places.of_function(error.function) or place
        session.add("object-not-made", where, str(error), _UNMADE)
    elif isinstance(error, CannotBeServed):
        session.add(CODE, place, *problem_and_fix(str(error), _NOWHERE))
    elif outcome.good:
        session.guard(lambda: _check_calls(session, outcome.value, place), "the predictor")
    else:
        return False
    return True


def _check_calls(session: Session, predictor: Any, place: str) -> None:
    for remark, function in predictor.near_names():
        where = session.places.of_function(function) or place
        session.add("function-misspelt", where, remark, "rename the function")
    if hasattr(predictor, "predict"):
        functions.tell_forgotten_return(session, predictor)
    try:
        loaded = LoadedModel(session.target.name, predictor, Path(session.spool))
        description = loaded.describe()
    except Exception as error:
        where = session.places.of_error(error) or place
        session.add("host-refuses", where, *problem_and_fix(reason(error)))
        return
    session.guard(lambda: doors.tell(session, description), "how it is called")
    declared = {
        function: Declared(function, getattr(predictor, declare)())
        for function, declare in DECLARED.items()
        if hasattr(predictor, declare)
    }
    said = session.run("get_metadata", "reading its metadata", predictor.get_metadata)
    about = said.value if said.good else {}
    described = page.read(session.target.name, declared, getattr(predictor, "schema", None), about)
    where = _examples_place(predictor)
    calls.check(session, predictor, described, declared, about, "setup", where)


def _examples_place(predictor: Any) -> str:
    function = own_predict(predictor)
    owner, _, name = getattr(function, "__qualname__", "").rpartition(".")
    if owner and not owner.endswith("<locals>"):
        return f"examples = [%s] to class {owner}"
    return f"{name or 'predict'}.examples = [%s] below the function"


_NOWHERE = "correct the path or the name, or define a predictor there"

_UNMADE = "load weights in setup() instead"

KIND = ModelCheck(check=check, adopt=adopt, codes=[CODE])
