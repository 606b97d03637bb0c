"""Checks the schema of the result."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import marshmallow
from marshmallow import fields
from marshmallow.exceptions import RegistryError

from deepaas.check.session import Session
from deepaas.runtime.contract import NoSchema, response_schema
from deepaas.runtime.describe import describe
from deepaas.runtime.failures import reason


def check(session: Session, author: Any) -> Any:
    """Check the author's ``schema`` and return it; None if it is missing or invalid."""
    try:
        declared = getattr(author, "schema", None)
    except Exception as error:
        problem = f"reading schema failed: {reason(error)}"
        session.add("schema-broken", session.place, problem, "fix the code that defines it")
        return None
    if declared is None:
        return None
    place = session.places.of_name(author, "schema") or session.place
    session.schema_place = place
    try:
        response_schema(declared)
    except NoSchema:
        _tell_kind(session, declared, place)
        return None
    except Exception as error:
        session.add("schema-broken", place, f"schema is invalid: {reason(error)}", "correct it")
        return None
    good = True
    for name, one in _parts(declared):
        good = _check_part(session, name, one, session.places.of_field(one) or place) and good
    if not good:
        return None
    try:
        describe(None, None, response_schema(declared))
    except Exception as error:
        problem = f"schema cannot be described: {reason(error)}"
        session.add("schema-broken", place, problem, "correct its declaration")
        return None
    return declared


def _check_part(session: Session, name: Any, one: Any, place: str) -> bool:
    if not isinstance(name, str) or not isinstance(one, fields.Field):
        is_field = inspect.isclass(one) and issubclass(one, fields.Field)
        told = f"the class {one.__name__}" if inspect.isclass(one) else repr(one)[:60]
        session.add(
            "schema-field",
            place,
            f"{name!r} in schema is {told}, which is not a field",
            f"write fields.{one.__name__}()" if is_field else "write fields.Str(), fields.Int(), …",
        )
        return False
    try:
        describe(None, None, response_schema({name: one}))
    except Exception as error:
        fix = "correct its declaration"
        if isinstance(error, RegistryError):
            fix = "give Nested the class itself, or a dict of fields: fields.Nested(MySchema)"
        problem = f"{name!r} in schema cannot be described: {reason(error)}"
        session.add("schema-broken", place, problem, fix)
        return False
    return True


def _tell_kind(session: Session, declared: Any, place: str) -> None:
    fix = 'schema = {"labels": fields.List(fields.Str()), …}, or a marshmallow Schema class'
    kind = type(declared).__name__
    if isinstance(declared, marshmallow.Schema):
        fix = f"schema = {kind}, without the ()"
        kind = f"an instance of {kind}"
    problem = f"schema is {kind}, not a dict of fields or a Schema class"
    session.add("schema-not-a-schema", place, problem, fix)


def _parts(declared: Any) -> list[tuple[Any, Any]]:
    if isinstance(declared, Mapping):
        return list(declared.items())
    return list(getattr(declared, "_declared_fields", {}).items())
