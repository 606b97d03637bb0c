"""Whether a function returns something on all its paths, read from its code without running it."""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise
from types import CodeType
from typing import Any, NamedTuple

NOTHING = "predict does not return anything: clients get null"

SOMETIMES = "predict can end here without a return: clients get null"

SOMETIMES_FIX = "return a result on this path too, or raise an exception"

_ENDING = ("exit", "_exit", "quit", "abort", "fail", "assert_never")
"""Functions that do not return, by their usual names."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Place(NamedTuple):
    file: str
    line: int


def returns_nothing(function: Any) -> bool:
    """Whether it computes something and then ends without a ``return`` of it, or a ``yield``.

    Functions that only raise, or do nothing, are meant like that. False if the code is unknown.
    """
    if _compiled(function).gives:
        return False
    found, _ = _parsed(function)
    if found is None:
        return False
    computes = [one for one in found.body if not _does_nothing(one)]
    if not computes or isinstance(computes[-1], (ast.Raise, ast.While)):
        return False
    return not any(map(_gives, _own(found.body)))


def missing_return(function: Any) -> Place | None:
    """Where it can end without a ``return``, although it returns a value on other paths.

    None if it cannot, if it declares that it may return None, or if the code is unknown.
    """
    if not _compiled(function).ends:
        return None
    found, before = _parsed(function)
    if found is None or (found.returns is not None and _may_be_none(found.returns)):
        return None
    own = list(_own(found.body))
    if any(isinstance(one, (ast.Yield, ast.YieldFrom)) for one in own):
        return None
    if not any(isinstance(one, ast.Return) and not _is_none(one.value) for one in own):
        return None
    line = _falls(found.body)
    return Place(inspect.unwrap(function).__code__.co_filename, before + line) if line else None


def _parsed(function: Any) -> tuple[Function | None, int]:
    """A function as written, and how many lines are before it in its file."""
    if hasattr(function, "__wrapped__"):
        return None, 0  # What its decorator returns is unknown.
    try:
        lines, first = inspect.getsourcelines(function)
        (found,) = ast.parse(textwrap.dedent("".join(lines))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        return None, 0
    known = isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef))
    return (found, first - 1) if known else (None, 0)  # type: ignore[return-value]


def _falls(body: Sequence[ast.stmt]) -> int:
    """The line after which these statements end without a jump; 0 if they always jump."""
    line = 0
    for statement in body:
        line = _falls_after(statement)
        if not line:
            return 0  # What follows is never reached.
    return line


def _falls_after(statement: ast.stmt) -> int:
    here = statement.lineno
    match statement:
        case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
            return 0
        case ast.Expr(value=ast.Call(func=called)) if _ends(called):
            return 0
        case ast.Assert(test=ast.Constant(value=False)):
            return 0
        case ast.If(body=body, orelse=orelse):
            return _falls(body) or (_falls(orelse) if orelse else here)
        case ast.While(test=ast.Constant(value=value)) if value:
            return here if _breaks(statement.body) else 0
        case ast.For(orelse=orelse) | ast.AsyncFor(orelse=orelse) | ast.While(orelse=orelse):
            return _falls(orelse) if orelse and not _breaks(statement.body) else here
        case ast.With(body=body) | ast.AsyncWith(body=body):
            return _falls(body)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            if final and not _falls(final):
                return 0
            plain = _falls([*body, *orelse])
            return plain or next(filter(None, (_falls(one.body) for one in handlers)), 0)
        case ast.Match(cases=cases):
            inner = next(filter(None, (_falls(case.body) for case in cases)), 0)
            return inner or (0 if any(map(_takes_all, cases)) else here)
    return statement.end_lineno or here


def _breaks(body: Sequence[ast.stmt]) -> bool:
    """Whether a loop with this body has a ``break`` of its own, or perhaps."""
    return any(isinstance(one, ast.Break) for one in _own(list(body)))


def _takes_all(case: ast.match_case) -> bool:
    pattern = case.pattern
    return case.guard is None and isinstance(pattern, ast.MatchAs) and pattern.pattern is None


def _ends(called: ast.expr) -> bool:
    name = getattr(called, "attr", "") or getattr(called, "id", "")
    return name in _ENDING or name.startswith("raise")


def _may_be_none(annotation: ast.expr) -> bool:
    written = ast.unparse(annotation)
    return any(word in written for word in ("None", "Optional", "NoReturn"))


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


class _Compiled(NamedTuple):
    """What compiled code shows: to find and read the source takes longer than all else that a
    worker looks at.

    Attributes:
        gives: whether it surely returns a value, or yields.
        ends: whether it may return None, which also stands for its end.
    """

    gives: bool
    ends: bool


def _compiled(function: Any) -> _Compiled:
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return _Compiled(gives=False, ends=True)
    if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR):
        return _Compiled(gives=True, ends=False)
    gives = ends = False
    for one, two in pairwise(dis.get_instructions(code)):
        if two.opname == "RETURN_CONST":  # Of Python 3.12 and 3.13.
            ends = ends or two.argval is None
        elif two.opname == "RETURN_VALUE":
            is_constant = one.opname == "LOAD_CONST"
            gives = gives or not is_constant
            ends = ends or (is_constant and one.argval is None)
    return _Compiled(gives, ends)


def _does_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _gives(node: ast.AST) -> bool:
    return isinstance(node, (ast.Yield, ast.YieldFrom)) or (
        isinstance(node, ast.Return) and node.value is not None
    )


def _own(nodes: list[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions and classes in it."""
    waiting: list[ast.AST] = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
