"""Reads from the source code what the objects do not show. Cog only reads the source code.

A decorator without ``functools.wraps`` replaces the author's function by one with ``*args``, and
``Input(default=None)`` equals ``Input()``.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from types import FunctionType, ModuleType
from typing import Any

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def reveal(owner: type | ModuleType, name: str) -> None:
    """Let ``inspect`` see the decorated function, as with ``functools.wraps``.

    This does nothing if no function is hidden, or without its source code.
    """
    shown = vars(owner)[name]
    if isinstance(shown, (type, staticmethod, classmethod)) or hasattr(shown, "__wrapped__"):
        return
    if isinstance(shown, FunctionType) and shown.__code__.co_name == name:
        return
    if (written := _written(owner, name)) is not None:
        try:
            shown.__wrapped__ = written
        except AttributeError:
            return


def _written(owner: type | ModuleType, name: str) -> Any:
    module = owner if isinstance(owner, ModuleType) else sys.modules.get(owner.__module__)
    if module is None:
        return None
    body = _tree(owner)
    if isinstance(owner, type) and body:
        body = getattr(body[0], "body", [])
    found = [node for node in body if isinstance(node, _FUNCTIONS) and node.name == name]
    return _made(found[-1], module) if found else None


def omits_default(function: Any, name: str) -> bool:
    """Whether a default is a call without a value: ``Input()``. False without source code."""
    for node in _tree(inspect.unwrap(function))[:1]:
        if not isinstance(node, _FUNCTIONS):
            continue
        taken = node.args
        ordinary = [*taken.posonlyargs, *taken.args]
        defaults = dict(
            zip([one.arg for one in ordinary][::-1], taken.defaults[::-1], strict=False)
        )
        defaults |= {
            one.arg: default
            for one, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True)
            if default is not None
        }
        given = defaults.get(name)
        return isinstance(given, ast.Call) and not (
            given.args or any(one.arg in ("default", None) for one in given.keywords)
        )
    return False


def line_of(thing: Any, part: str = "") -> tuple[str, int]:
    """Return the file and line of a function or class, of an input of it, or of its ``return``
    annotation; ``("", 0)`` without its source code."""
    found = inspect.unwrap(thing) if callable(thing) else thing
    for node in _tree(found)[:1]:
        place: Any = node
        if isinstance(node, _FUNCTIONS):
            inputs = [one for one in ast.walk(node.args) if isinstance(one, ast.arg)]
            named = {one.arg: one for one in inputs} | {"return": node.returns}
            place = named.get(part) or node
        return inspect.getsourcefile(found) or "", place.lineno
    return "", 0


def _tree(thing: Any) -> list[ast.stmt]:
    try:
        lines, first = inspect.getsourcelines(thing)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return []
    return ast.increment_lineno(tree, max(first - 1, 0)).body


def _made(node: ast.FunctionDef | ast.AsyncFunctionDef, module: ModuleType) -> Any:
    node.decorator_list = []
    code = compile(
        ast.fix_missing_locations(ast.Module([node], [])),
        getattr(module, "__file__", None) or "<predictor>",
        "exec",
        flags=_future(module),
        dont_inherit=True,
    )
    # A copy, so that the author's module stays unchanged. Only defaults and annotations are run.
    space = dict(vars(module))
    try:
        exec(code, space)
    except Exception:
        return None
    return space[node.name]


def _future(module: ModuleType) -> int:
    feature = getattr(module, "annotations", None)
    return int(getattr(feature, "compiler_flag", 0))
