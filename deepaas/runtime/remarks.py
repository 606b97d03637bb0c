"""What is said of a model when it is loaded: it can be served, but not as its author thinks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deepaas.runtime import defaults
from deepaas.runtime.arguments import Arguments
from deepaas.runtime.batching.ways import lacks_predict
from deepaas.runtime.returns import (
    NOTHING,
    SOMETIMES,
    SOMETIMES_FIX,
    Place,
    missing_return,
    returns_nothing,
)
from deepaas.runtime.signatures import (
    DECLARED,
    KNOWN,
    given,
    mismatches,
    misspelt,
    undeclared_because_misspelt,
    without_declaration,
)
from deepaas.runtime.traits import own_predict, traits_of

_HARMLESS = ("args-undeclared",)
"""Codes of what works, although nobody can make use of it."""


OFFERS_NOTHING = "it has neither predict nor train: clients can only read its metadata"


def remarks(author: Any, arguments: dict[str, Arguments | None]) -> Iterator[str]:
    """One sentence for each; `arguments` are those of ``predict`` and ``train``."""
    near = dict(misspelt(author))
    fatal = undeclared_because_misspelt(author, near)
    for name, known in near.items():
        if name not in fatal.values():
            yield f"{name}() is never called. Did you mean {known}()?"
    there = {name: value for name in KNOWN if (value := getattr(author, name, None)) is not None}
    for name, value in there.items():
        if not callable(value):
            yield f"{name} is {type(value).__name__}, not a function: it is never called"
    if lacks_predict(author):
        there["predict"] = author.predict_batch
    if not near and not there:
        yield f"it has none of the functions {', '.join(KNOWN)}"
    elif not DECLARED.keys() & {*there, *near.values()}:
        yield OFFERS_NOTHING
        for function, declare in DECLARED.items():
            if declare in there:
                yield f"it has {declare}, but no {function}"
    for function in DECLARED:
        declared = arguments.get(function)
        yield from remarks_on(function, author, declared, fatal.get(function, ""))


def forgets_return(author: Any) -> bool:
    """Whether ``predict`` returns nothing, and that is not what it declares."""
    return not traits_of(author).output.get("nullable") and returns_nothing(own_predict(author))


def forgets_some_return(author: Any) -> Place | None:
    """Where ``predict`` can end without a ``return`` that it has on other paths; None if nowhere,
    or if it declares that it may return None."""
    if traits_of(author).output.get("nullable"):
        return None
    return missing_return(own_predict(author))


def remarks_on(
    function: str, author: Any, declared: Arguments | None, misspelt: str = ""
) -> Iterator[str]:
    """Those on what ``predict`` or ``train`` takes."""
    if declared is None:
        return
    for name, field in declared.schema.fields.items():
        wrong = defaults.problem(name, field) or defaults.unused(name, field)
        if wrong is not None and wrong.code in ("default-invalid", "default-unused"):
            yield f"{wrong.problem}; {wrong.fix}"
    call = getattr(author, function, None)
    if call is None:
        return  # ``predict_batch`` gets a dict for each call.
    if function == "predict" and forgets_return(author):
        yield f"{NOTHING}; end it with return RESULT"
    elif function == "predict" and (place := forgets_some_return(author)):
        yield f"{place.file}:{place.line}: {SOMETIMES}; {SOMETIMES_FIX}"
    if getattr(author, DECLARED[function], None) is None:
        found = without_declaration(function, call, misspelt)
    else:
        named = declared.schema.fields
        unknown = {name for name, field in named.items() if defaults.unused(name, field)}
        found = mismatches(function, call, *given(named), unknown)
    for code, problem, fix in found:
        if code not in _HARMLESS:
            yield f"{problem}; {'write ' if fix.startswith('def ') else ''}{fix}"
