"""Whether the author's functions can be called as they are: their names, and what they take."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from marshmallow import fields, missing

ARGUMENTLESS = ("get_metadata", "warm", "get_predict_args", "get_train_args")

DECLARED = {"predict": "get_predict_args", "train": "get_train_args"}
"""The functions that take arguments, and those that declare them."""

KNOWN = (*ARGUMENTLESS, *DECLARED)

LONG_NAME_LENGTH = 10
"""In a name of so many letters two may be wrong, in a shorter one only one."""

_OBJECTS = ("self", "cls")

Parameters = Mapping[str, inspect.Parameter]


class Mismatch(NamedTuple):
    """What a function is called with and what it takes do not fit; ``code`` is the check's."""

    code: str
    problem: str
    fix: str


def misspelt(author: Any, known: Sequence[str] = KNOWN) -> Iterator[tuple[str, str]]:
    """The author's functions that nobody calls, each with the one that is missing and is meant."""
    lacking = [name for name in known if getattr(author, name, None) is None]
    for name in _own_functions(author):
        near = next((one for one in lacking if name not in known and _is_near(name, one)), None)
        if near is not None:
            yield name, near


def undeclared_because_misspelt(author: Any, near: Mapping[str, str]) -> dict[str, str]:
    """Functions whose declaration is misspelt, so that no call works, each with that name; ``near``
    is the result of :func:`misspelt`."""
    meant = {known: name for name, known in near.items()}
    return {
        function: meant[declare]
        for function, declare in DECLARED.items()
        if declare in meant and needed(getattr(author, function, None))
    }


def mismatches(
    function: str,
    call: Any,
    always: Sequence[str],
    sometimes: Sequence[str] = (),
    unknown: Collection[str] = (),
) -> Iterator[Mismatch]:
    """Compare what a function is called with and what it takes.

    Args:
        function: ``predict`` or ``train``.
        sometimes: arguments that clients may leave out.
        unknown: those of which that is not known, as they are declared wrongly.
    """
    parameters = _parameters(call)
    if parameters is None:
        return
    given = [*always, *sometimes]
    others = _others(call, parameters, given)
    if others:
        yield _other_names(function, parameters, given, others)
    else:
        yield from _untaken(function, call, parameters, given)
    for name in needed(call):
        if name in others:
            continue
        if name not in given:
            yield _undeclared(function, name, f"{DECLARED[function]} does not declare")
        elif name in sometimes and name not in unknown:
            yield Mismatch(
                "argument-left-out",
                f"{function} needs {name!r}, which clients may leave out: such calls fail",
                f"in {DECLARED[function]}: required=True, or load_default=…; or {name}=None in "
                f"def {function}",
            )


def without_declaration(function: str, call: Any, misspelt: str = "") -> Iterator[Mismatch]:
    """What is wrong with a function whose arguments nobody declares: it is called with none.

    ``misspelt``: the author's function that was probably meant to declare them.
    """
    parameters = _parameters(call) or {}
    lacking = needed(call)
    declare = DECLARED[function]
    if lacking and lacking[0] in _OBJECTS:
        yield _undeclared(function, lacking.pop(0), f"no {declare} declares")
    if lacking:
        takes = f"{function}({', '.join(lacking)}) takes arguments"
        if misspelt:
            yield Mismatch(
                "parameter-undeclared",
                f"{misspelt}() is never called. Did you mean {declare}()? {takes}, so without it "
                "every call will fail",
                f"def {declare}(…)",
            )
            return
        fields = ", ".join(f"{name!r}: fields.Str(required=True)" for name in lacking)
        types = ", ".join(f"{name}: str" for name in lacking)
        yield Mismatch(
            "parameter-undeclared",
            f"{takes}, but {declare}() does not exist, so every call will fail",
            f"def {declare}(): return {{{fields}}}, with the right fields (from webargs import "
            f"fields); or write types: def {function}({types}) -> str",
        )
    if parameters and not needed(call):
        names = ", ".join(parameters)
        yield Mismatch(
            "args-undeclared",
            f"{function}({names}) takes arguments, but {declare}() does not exist, so clients "
            "cannot set them",
            f"def {declare}(): return {{…}}",
        )


def needed(call: Any) -> list[str]:
    """Parameters that a call without arguments lacks."""
    return [
        name
        for name, p in (_parameters(call) or {}).items()
        if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]


def given(declared: Mapping[str, fields.Field]) -> tuple[list[str], list[str]]:
    """The names under which a function gets its arguments: always, or unless they are left out."""
    always: list[str] = []
    sometimes: list[str] = []
    for name, one in declared.items():
        if one.dump_only or (one.attribute and "." in one.attribute):
            continue
        certain = one.required or one.load_default is not missing
        (always if certain else sometimes).append(one.attribute or name)
    return always, sometimes


def _untaken(
    function: str, call: Any, parameters: Parameters, given: Sequence[str]
) -> Iterator[Mismatch]:
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
            yield Mismatch(
                "argument-not-taken",
                f"{function} cannot take the argument {name!r}: its own object is called so",
                "give the argument another name"
                if name in _OBJECTS
                else f"write def {function}(self, …): what comes first is the object",
            )
        elif name not in by_name and not any_name:
            yield Mismatch(
                "argument-not-taken",
                f"{function} cannot take the argument {name!r}, which {declare} declares",
                _fix(function, call, parameters, name, given),
            )


def _others(call: Any, parameters: Parameters, given: Sequence[str]) -> list[str]:
    """Required parameters under other names than all that is given; empty if that is not all."""
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return []
    untaken = [name for name in given if name not in parameters]
    others = [name for name in needed(call) if name not in given]
    called = getattr(call, "__name__", "")
    decorated = called.isidentifier() and called not in DECLARED
    odd = {*others, *given} & {*_OBJECTS, _bound_name(call)} or not all(
        map(str.isidentifier, untaken)
    )
    return [] if not untaken or decorated or odd else others


def _other_names(
    function: str, parameters: Parameters, given: Sequence[str], others: Sequence[str]
) -> Mismatch:
    """One proposal for a function and a declaration with different names."""
    declare = DECLARED[function]
    untaken = [name for name in given if name not in parameters]
    stay = [p for p in parameters.values() if p.name not in others]
    plain = [str(p) for p in stay if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    optional = [str(p) for p in stay if p.default is not p.empty]
    fix = f"def {function}({', '.join([*plain, *untaken, *optional])})"
    if len(parameters) == 1:
        fix += f", or def {function}(**{others[0]}) for a dict of all"
    elif len(others) == 1 and (near := difflib.get_close_matches(others[0], untaken, 1)):
        fix += f", or call {near[0]!r} {others[0]!r} in {declare}"
    return Mismatch(
        "argument-not-taken",
        f"{function} takes {_listed(others)}, but {declare} declares {_listed(untaken)}, and "
        "arguments are passed by name: no call works",
        fix,
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _fix(function: str, call: Any, parameters: Parameters, name: str, given: Sequence[str]) -> str:
    called = getattr(call, "__name__", function)
    if called != function and called.isidentifier():
        return f"let its decorator pass them on: def {called}(*args, **kwargs)"
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


def _undeclared(function: str, name: str, why: str) -> Mismatch:
    fix = f"declare {name!r} in {DECLARED[function]}, or give it a default: {name}=None"
    if name in _OBJECTS:
        fix = f"remove {name} from def {function}(…), which stands in no class, or is static"
    return Mismatch(
        "parameter-undeclared",
        f"{function} needs {name!r}, which {why}: no call works",
        fix,
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


def _own_functions(author: Any) -> Iterator[str]:
    """Those that the author has written; of a module, not what it has imported."""
    for name in dir(author):
        # Not getattr: a property may load weights.
        function = inspect.getattr_static(author, name, None)
        imported = inspect.ismodule(author) and (
            getattr(function, "__module__", author.__name__) != author.__name__
        )
        is_function = inspect.isroutine(function) or isinstance(
            function, (staticmethod, classmethod)
        )
        if is_function and not name.startswith("__") and not imported:
            yield name


def _is_near(name: str, known: str) -> bool:
    one, other = (word.replace("_", "").lower() for word in (name, known))
    wrong = 2 if len(other) >= LONG_NAME_LENGTH else 1
    if len(other) < 5 or abs(len(one) - len(other)) > wrong:
        return one == other
    return _distance(one, other) <= wrong


def _distance(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many, or have changed places with the next."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before = before, row
        row = [i]
        for j, wanted in enumerate(other, 1):
            costs = [before[j] + 1, row[-1] + 1, before[j - 1] + (letter != wanted)]
            if i > 1 and j > 1 and (letter, one[i - 2]) == (other[j - 2], wanted):
                costs.append(older[j - 2] + 1)
            row.append(min(costs))
    return row[-1]
