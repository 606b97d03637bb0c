"""Finds the argument because of which a model cannot be described, and says where it is written."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from deepaas.runtime import defaults
from deepaas.runtime.arguments import Arguments
from deepaas.runtime.calling import place_of
from deepaas.runtime.describe import describe
from deepaas.runtime.failures import CannotBeServed, reason
from deepaas.runtime.signatures import DECLARED


def blamed(function: str, author: Any, arguments: Arguments | None) -> CannotBeServed | None:
    """What to raise instead of the libraries' own exception; None if it is no single argument."""
    for name, field in arguments.schema.fields.items() if arguments is not None else ():
        problem = _problem(name, field)
        if problem:
            declaration = DECLARED[function]
            place = place_of(getattr(author, declaration, None), name)
            return CannotBeServed(f"{declaration}{place}: {problem}")
    return None


def _problem(name: str, field: fields.Field) -> str:
    try:
        describe(Arguments({name: field}), None, None)
    except Exception as error:
        wrong = defaults.problem(name, field)
        if wrong is None:
            return f"the argument {name!r} cannot be used: {reason(error)}"
        return f"{wrong.problem} {wrong.fix[0].upper()}{wrong.fix[1:]}"
    return ""
