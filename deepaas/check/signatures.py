"""What ``predict`` and ``train`` are called with, and what they can take."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from deepaas.check.session import Session

DECLARED = {"predict": "get_predict_args", "train": "get_train_args"}

Parameters = Mapping[str, inspect.Parameter]


def check(
    session: Session,
    function: str,
    call: Any,
    always: Sequence[str],
    sometimes: Sequence[str],
    unknown: Collection[str],
) -> bool:
    """Compare what a function is called with and what it takes: whether it can be called so.

    Args:
        sometimes: arguments that clients may leave out.
        unknown: those of which that is not known, as they are declared wrongly.
    """
    parameters = _parameters(call)
    if parameters is None:
        return True
    before = len(session.found)
    place = session.places.of_function(call) or session.place
    given = [*always, *sometimes]
    _check_arguments(session, function, call, parameters, given)
    for name in needed(call):
        if name not in given:
            _tell_undeclared(
                session, function, name, f"{DECLARED[function]} does not declare", place
            )
        elif name in sometimes and name not in unknown:
            session.add(
                "argument-left-out",
                place,
                f"{function} needs {name!r}, which clients may leave out: such calls fail",
                f"in {DECLARED[function]}: required=True, or load_default=…; or {name}=None in "
                f"def {function}",
            )
    return len(session.found) == before


def check_undeclared(session: Session, function: str, call: Any) -> bool:
    """What a function without ``get_…_args`` is called with: nothing."""
    parameters = _parameters(call) or {}
    place = session.places.of_function(call) or session.place
    lacking = needed(call)
    for name in lacking:
        _tell_undeclared(session, function, name, f"no {DECLARED[function]} declares", place)
    if parameters and not lacking:
        names = ", ".join(parameters)
        session.add(
            "args-undeclared",
            place,
            f"{function} takes {names}, but without {DECLARED[function]} it is called with nothing",
            f"declare its arguments: def {DECLARED[function]}(): return {{…}}",
        )
    return not lacking


def needed(call: Any) -> list[str]:
    """Parameters that a call without arguments lacks."""
    return [
        name
        for name, p in (_parameters(call) or {}).items()
        if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]


def _check_arguments(
    session: Session, function: str, call: Any, parameters: Parameters, given: Sequence[str]
) -> None:
    place = session.places.of_function(call) or session.place
    declare = DECLARED[function]
    any_name = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    by_name = {
        name
        for name, p in parameters.items()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }
    bound = _bound_name(call)
    for name in given:
        if name == bound:
            problem = f"{function} cannot take the argument {name!r}: its own object is called so"
            session.add("argument-not-taken", place, problem, "give the argument another name")
        elif name not in by_name and not any_name:
            session.add(
                "argument-not-taken",
                place,
                f"{function} cannot take the argument {name!r}, which {declare} declares",
                _fix(function, parameters, name, given),
            )


def _fix(function: str, parameters: Parameters, name: str, given: Sequence[str]) -> str:
    if name in parameters:
        return f"arguments are given by name: remove the / or the * from def {function}(…)"
    near = difflib.get_close_matches(name, [known for known in parameters if known not in given], 1)
    if near:
        return f"call it {near[0]!r} in {DECLARED[function]}, as {function} does"
    if not name.isidentifier():
        return f"def {function}(**kwargs)"
    taken = [p for p in parameters.values() if p.kind is not p.VAR_POSITIONAL]
    # After a parameter with a default there is none without.
    more = f"{name}=None" if any(p.default is not p.empty for p in taken) else name
    return f"def {function}({', '.join([*map(str, taken), more])}), or def {function}(**kwargs)"


def _tell_undeclared(session: Session, function: str, name: str, why: str, place: str) -> None:
    session.add(
        "parameter-undeclared",
        place,
        f"{function} needs {name!r}, which {why}: no call works",
        f"declare {name!r} in {DECLARED[function]}, or give it a default: {name}=None",
    )


def _parameters(call: Any) -> Parameters | None:
    try:
        # Not what a decorator hides: its wrapper is what is called.
        return inspect.signature(call, follow_wrapped=False).parameters
    except (TypeError, ValueError):
        return None


def _bound_name(call: Any) -> str:
    if not inspect.ismethod(call):
        return ""
    names = list(_parameters(call.__func__) or {})
    return names[0] if names else ""
