"""A typed predictor: all that is wrong with how it is declared, as its worker would say it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from deepaas.check.codes import error
from deepaas.check.kinds import ModelCheck
from deepaas.check.places import shown
from deepaas.check.session import Session, StepOutcome
from deepaas.check.target import CheckTarget, Target
from deepaas.kinds.cog import CONTRACT, METHODS, NAME, PROJECT_FILE, USUAL_NAMES, split
from deepaas.kinds.cog.worker.predictor import is_typed, wrap
from deepaas.kinds.cog.worker.signature import Faults
from deepaas.model.kinds import Certainty
from deepaas.runtime import kinds
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.failures import CannotBeServed, reason

CODE = error(
    "typed-predictor",
    "package",
    "a typed predictor (for Cog, say) is not where it is said to be, or its signature cannot be "
    "served",
)


def find(source: str) -> CheckTarget | None:
    path, name = split(source or ".")
    if path.suffix == ".py" and path.is_file():
        certainty = Certainty.SURE if name else Certainty.LIKELY
        name = name or _typed_name(path)
        value = f"{path.resolve()}:{name}"
        return CheckTarget([Target(name, NAME, value)], certainty=certainty) if name else None
    if not (path / PROJECT_FILE).is_file():
        return None
    # Not sure: a package that declares a model is that one.
    folder = path.resolve()
    return CheckTarget([Target(folder.name, NAME, str(folder))], certainty=Certainty.LIKELY)


def _typed_name(file: Path) -> str:
    """Empty for none; nothing is imported.

    The name alone does not tell: modules of DEEPaaS's contract have a function ``predict``, too.
    """
    try:
        body = ast.parse(file.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return ""
    named = {name: node for node in body for name in _names(node)}
    functions = [named[name] for name in METHODS if name in named]
    if any(name in named for name in CONTRACT) or not all(map(_has_types, functions)):
        return ""
    return next((name for name in USUAL_NAMES if name in named), "")


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return [name]
        case ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.ImportFrom(names=names):
            return [one.asname or one.name for one in names]
        case ast.Assign(targets=targets):
            return [one.id for one in targets if isinstance(one, ast.Name)]
    return []


def _has_types(node: ast.stmt) -> bool:
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    taken = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return node.returns is not None or any(one.annotation is not None for one in taken)


def check(session: Session) -> None:
    """Import the predictor at a path and read its signature; it is neither set up nor called."""
    source = session.target.value
    path, _ = split(source)
    session.places.add(path)
    place = shown(path)
    outcome = session.run("import", f"importing {source}", lambda: kinds.load(NAME, source), place)
    if not _tell_faults(session, outcome, place) and outcome.error is not None:
        where = session.places.of_error(outcome.error) or place
        fix = "correct what this line does; what can wait belongs in setup()"
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


KIND = ModelCheck(find, check, adopt, [CODE])
