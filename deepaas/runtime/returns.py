"""Whether a function returns anything at all, read from its code without running it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

NOTHING = "predict does not return anything: clients get null"


def returns_nothing(function: Any) -> bool:
    """Whether it computes something and then ends without a ``return`` of it, or a ``yield``.

    Functions that only raise, or do nothing, are meant like that. False if the code is unknown.
    """
    if hasattr(function, "__wrapped__"):
        return False  # What its decorator returns is unknown.
    try:
        (found,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        return False
    if not isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    computes = [one for one in found.body if not _does_nothing(one)]
    if not computes or isinstance(computes[-1], (ast.Raise, ast.While)):
        return False
    return not any(map(_gives, _own(found.body)))


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
