"""Checks the argument ``accept``: the choice of the result's media type."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from marshmallow import fields, missing

from deepaas.check.session import Session
from deepaas.runtime.arguments import Arguments
from deepaas.runtime.json_values import BadResult
from deepaas.runtime.results import NoMediaType, Results

_FIX = 'validate=validate.OneOf(["application/json", "image/png"])'


def check(session: Session, field: fields.Field, place: str) -> bool:
    """Report its problems; False if every call would fail."""
    before = len(session.found)
    _look_at(session, field, place)
    return not any(found.severity == "error" for found in session.found[before:])


def _look_at(session: Session, field: fields.Field, place: str) -> None:
    offered = Arguments({"accept": field}).media_types
    if not offered:
        if isinstance(field, fields.String):
            session.add(
                "accept-without-choices",
                place,
                "accept has no OneOf: clients cannot see the available media types",
                _FIX,
            )
        else:
            session.add(
                "accept-not-media-types",
                place,
                f"accept is declared as {type(field).__name__}, but this name is reserved for the "
                "choice of the result's media type",
                f"rename it, or use fields.Str({_FIX})",
            )
        return
    wrong = [choice for choice in offered if not _is_media_type(session, choice)]
    if wrong:
        session.add(
            "accept-not-media-types",
            place,
            f"accept offers {', '.join(map(repr, wrong))}, which is not a media type",
            'write "application/pdf", not "pdf"',
        )
    default = field.load_default
    if default not in (missing, None, offered[0]) and not callable(default):
        session.add(
            "accept-default",
            place,
            f"the default of accept, {default!r}, has no effect: the host uses the first choice, "
            f"{offered[0]!r}",
            f"put {default!r} first in OneOf",
        )


def check_use(session: Session, predict: Any) -> None:
    """Report a ``predict`` whose source code does not use ``accept``."""
    if _looks_at_accept(predict) is False:
        session.add(
            "accept-ignored",
            session.places.of_function(predict) or session.place,
            "predict ignores accept, the media type that the client requests",
            'use it, as in if kwargs["accept"] == "image/png": …, or remove accept',
        )


def _is_media_type(session: Session, choice: Any) -> bool:
    try:
        Results("", None, [], session.spool).encode(0, b"", choice)
    except NoMediaType:
        return False
    except BadResult:
        return True
    except Exception:
        return False
    return True


def _looks_at_accept(predict: Any) -> bool | None:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(predict))))
    except (OSError, TypeError, SyntaxError):
        return None
    function = tree.body[0] if tree.body else None
    if not isinstance(function, ast.FunctionDef):
        return None
    every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    if any(one.arg == "accept" for one in every):
        named = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
        return any(name.id == "accept" for name in named)
    if any(isinstance(n, ast.Constant) and n.value == "accept" for n in ast.walk(function)):
        return True
    rest = function.args.kwarg
    return None if rest is None or _is_passed_on(function, rest.arg) else False


def _is_passed_on(function: ast.FunctionDef, name: str) -> bool:
    """Whether the dict of all arguments is passed to other code, which may use ``accept``."""
    single = set()
    for node in ast.walk(function):
        inner = node.value if isinstance(node, (ast.Subscript, ast.Attribute)) else None
        if isinstance(inner, ast.Name) and inner.id == name:
            known = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
            if known or (isinstance(node, ast.Attribute) and node.attr in ("get", "pop")):
                single.add(inner)
    uses = {n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name}
    return bool(uses - single)
