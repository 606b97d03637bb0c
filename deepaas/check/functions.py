"""Checks which functions the author has written, and of what kind they are."""

from __future__ import annotations

import inspect
from typing import Any

from deepaas.author_files.lines import shown
from deepaas.check.session import Session
from deepaas.runtime.batching.ways import alone, lacks_predict, way_of
from deepaas.runtime.remarks import forgets_return, forgets_some_return
from deepaas.runtime.returns import NOTHING, SOMETIMES, SOMETIMES_FIX
from deepaas.runtime.signatures import (
    ARGUMENTLESS,
    DECLARED,
    KNOWN,
    misspelt,
    needed,
    undeclared_because_misspelt,
)
from deepaas.runtime.traits import own_predict

AWAITED = ("predict", "train", "warm")

STREAMED = ("predict",)


def usable(session: Session, author: Any) -> dict[str, Any]:
    """Return the functions that can be called, and report problems of the others."""
    found = {}
    for name in KNOWN:
        function = getattr(author, name, None)
        if function is not None and _fits(session, name, function, author):
            found[name] = function
    way = way_of(author) if lacks_predict(author) else None
    if way is not None:
        found["predict"] = alone(way, author.predict_batch)
    return found


def _fits(session: Session, name: str, function: Any, author: Any) -> bool:
    place = session.places.of_function(function) or session.place
    if not callable(function):
        place = session.places.of_name(author, name) or place
        kind = type(function).__name__
        session.add(
            "not-a-function", place, f"{name} is {kind}, not a function", f"def {name}(…): …"
        )
        return False
    plain = inspect.unwrap(function)
    kinds = {
        "an async function": inspect.iscoroutinefunction(plain) and name not in AWAITED,
        "a generator (it has a yield)": name not in STREAMED
        and (inspect.isgeneratorfunction(plain) or inspect.isasyncgenfunction(plain)),
    }
    for kind, applies in kinds.items():
        if applies:
            session.add(
                "async-function",
                place,
                f"{name} is {kind}, but the host needs an ordinary function",
                f"def {name}(…), with return",
            )
            return False
    if name == "predict":
        tell_forgotten_return(session, author)
    if name in ARGUMENTLESS and (asked := needed(function)):
        session.add(
            "takes-arguments",
            place,
            f"{name} is called without arguments, but requires {', '.join(asked)}",
            f"def {name}(): …",
        )
        return False
    return True


def tell_forgotten_return(session: Session, author: Any) -> None:
    """Report a ``predict`` that returns nothing."""
    if forgets_return(author):
        place = session.places.of_function(own_predict(author)) or session.place
        session.add("nothing-returned", place, NOTHING, "end it with return RESULT")
    elif missing := forgets_some_return(author):
        session.add("return-missing", shown(*missing), SOMETIMES, SOMETIMES_FIX)


def look_at_names(session: Session, author: Any) -> dict[str, str]:
    """Report functions that are missing or misspelt; return the latter with what is meant.

    What is only a consequence of a misspelt name is not reported.
    """
    place = session.place
    there = {name for name in KNOWN if getattr(author, name, None) is not None}
    if lacks_predict(author):
        there.add("predict")
    near = dict(misspelt(author))
    if not {"predict", "train"} & {*there, *near.values()}:
        session.add(
            "offers-nothing",
            place,
            "the model has no predict or train function: clients can only read its metadata",
            "add def predict(**kwargs), and get_predict_args to declare its arguments",
        )
    for function, declare in DECLARED.items():
        if function in there or function in near.values():
            continue
        if declare in there and _declares(session, author, declare):
            session.add(
                "args-without-function",
                session.places.of_function(getattr(author, declare)) or place,
                f"the model has {declare}, but no {function}",
                f"add def {function}(**kwargs), or remove {declare}",
            )
    told = undeclared_because_misspelt(author, near).values()  # With the arguments.
    for name, known in near.items():
        if name not in told:
            session.add(
                "function-misspelt",
                session.places.of_function(getattr(author, name)) or place,
                f"{name}() is never called. Did you mean {known}()?",
                f"def {known}(…)",
            )
    return near


def _declares(session: Session, author: Any, declare: str) -> bool:
    """Whether ``get_…_args`` is implemented."""
    outcome = session.run(declare, f"calling {declare}", getattr(author, declare))
    return not isinstance(outcome.error, NotImplementedError)
