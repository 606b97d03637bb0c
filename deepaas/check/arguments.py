"""Checks the declared arguments, one by one and together."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow
from marshmallow import fields
from marshmallow.exceptions import RegistryError

from deepaas.check import accept, files, signatures
from deepaas.check.noting import RequiredWithDefault
from deepaas.check.session import Session
from deepaas.runtime import defaults
from deepaas.runtime.advice import advice
from deepaas.runtime.arguments import Arguments, field_for, is_file
from deepaas.runtime.describe import describe
from deepaas.runtime.failures import reason
from deepaas.runtime.places import UnknownLocation
from deepaas.runtime.signatures import DECLARED, given

_SECRET_WORDS = {"password", "passwd", "secret", "apikey"}
_SECRET_PAIRS = ("api_key", "access_token", "auth_token")


@dataclass
class Declared:
    """The valid arguments of one function; ``complete`` if all of them are valid."""

    function: str
    fields: dict[str, fields.Field] = field(default_factory=dict)
    complete: bool = True


def check(
    session: Session, function: str, functions: Mapping[str, Any], misspelt: str = ""
) -> Declared | None:
    """Check the arguments of a function; None if the model does not have the function.

    ``misspelt``: the name of what was probably meant to declare them.
    """
    call = functions.get(function)
    declare = functions.get(DECLARED[function])
    if call is None:
        return None
    found = Declared(function)
    if declare is None:
        found.complete = signatures.check_undeclared(session, function, call, misspelt)
        return found
    declared = _declared(session, DECLARED[function], declare)
    if declared is None:
        found.complete = False
        return found
    default_place = session.places.of_function(declare) or session.place
    for name, one in declared.items():
        place = session.places.of_field(one) or default_place
        if _usable(session, name, one, place):
            found.fields[name] = one
            _look_at(session, name, one, place)
            if name == "accept" and not accept.check(session, one, place):
                found.complete = False
        else:
            found.complete = False
    _check_together(session, found, set(declared), call, default_place)
    return found


def _declared(session: Session, name: str, declare: Any) -> Mapping[str, Any] | None:
    place = session.places.of_function(declare) or session.place
    outcome = session.run(name, f"calling {name}", declare, place)
    if outcome.skipped:
        return None
    if isinstance(outcome.error, NotImplementedError):
        return {}
    if outcome.error is not None:
        where = session.places.of_error(outcome.error) or place
        if isinstance(outcome.error, RequiredWithDefault):
            session.add(
                "required-with-default",
                where,
                "an argument is required, but has a default",
                "remove required=True, or remove load_default= (missing=)",
            )
        else:
            problem = f"{name} failed: {reason(outcome.error)}"
            fix = advice(outcome.error, session.there) or "fix this line"
            session.add("args-fail", where, problem, fix)
        return None
    if isinstance(outcome.value, Mapping):
        return outcome.value
    kind = type(outcome.value).__name__
    fix = "return {'name': fields.Str(…), …}"
    if outcome.value is None:
        kind, fix = "None", f"is a 'return' missing? Write {fix}"
    schema = outcome.value
    if isinstance(schema, marshmallow.Schema) or (
        inspect.isclass(schema) and issubclass(schema, marshmallow.Schema)
    ):
        kind = "a Schema"
        fix = "return its fields: return MySchema().fields"
    session.add("args-not-a-dict", place, f"{name} returns {kind}, not a dict of fields", fix)
    return None


def _usable(session: Session, name: Any, one: Any, place: str) -> bool:
    if not isinstance(name, str):
        problem = f"the name of the argument {name!r} is not a string"
        session.add("argument-broken", place, problem, f"rename it to '{name}'")
        return False
    if not isinstance(one, fields.Field):
        is_class = inspect.isclass(one)
        is_field = is_class and issubclass(one, fields.Field)
        kind = f"the class {one.__name__}" if is_class else repr(one)[:60]
        session.add(
            "argument-not-a-field",
            place,
            f"the argument {name!r} is {kind}, which is not a field",
            f"write fields.{one.__name__}()" if is_field else f"write {field_for(one)}",
        )
        return False
    try:
        alone = Arguments({name: one})
    except UnknownLocation as error:
        session.add("argument-location", place, str(error), "correct the location")
        return False
    except Exception as error:
        _broken(session, name, place, error)
        return False
    bound = alone.schema.fields[name]
    wrong = None if name == "accept" else defaults.problem(name, bound, call=True)
    wrong = wrong or defaults.unused(name, bound)
    try:
        describe(alone, None, None)
    except Exception as error:
        if wrong is None:
            _broken(session, name, place, error)
        else:
            session.add("default-invalid", place, wrong.problem, wrong.fix)
        return False
    if wrong is not None:
        session.add(wrong.code, place, wrong.problem, wrong.fix)
    return True


def _broken(session: Session, name: str, place: str, error: Exception) -> None:
    problem = f"the host cannot use the argument {name!r}: {reason(error)}"
    fix = "correct its declaration"
    if isinstance(error, RegistryError):
        fix = "give Nested the class itself, or a dict of fields: fields.Nested(MySchema)"
    session.add("argument-broken", place, problem, fix)


def _look_at(session: Session, name: str, one: fields.Field, place: str) -> None:
    """Report arguments that the host accepts, but that do not work as intended."""
    location = one.metadata.get("location")
    if (not name.isidentifier() or keyword.iskeyword(name)) and location not in (
        "headers",
        "cookies",
    ):
        plain = re.sub(r"\W", "_", name) + ("_" if keyword.iskeyword(name) else "")
        session.add(
            "argument-name",
            place,
            f"{name!r} is not a valid Python name: only **kwargs can accept this argument",
            f"rename it to {plain!r}, with data_key={name!r} for the clients",
        )
    if one.dump_only:
        session.add(
            "argument-never-filled",
            place,
            f"the argument {name!r} is dump_only: values from clients are ignored",
            "remove dump_only=True, or the argument",
        )
    enum = one.metadata.get("enum")
    if isinstance(enum, (str, int, float)):
        session.add(
            "enum-no-list",
            place,
            f"enum of {name!r} is {enum!r}, not a list: clients have only this choice",
            f'write metadata={{"enum": [{enum!r}]}}, with all choices',
        )
    elif _is_unchecked_enum(one):
        session.add(
            "enum-unchecked",
            place,
            f"the choices of {name!r} are not validated: enum is only documentation",
            f"add validate=validate.OneOf({one.metadata['enum']!r})",
        )
    is_hidden = one.metadata.get("format") == "password"
    if _is_secret(name) and isinstance(one, fields.String) and not is_hidden:
        session.add(
            "secret-shown",
            place,
            f"{name!r} is readable on the try-me page and in the list of training runs",
            'add metadata={"format": "password"}',
        )
    if name != "accept":
        files.check(session, name, one, place)


def _check_together(
    session: Session, found: Declared, names: set[str], call: Any, place: str
) -> None:
    known: dict[str, str] = {}
    for name, one in list(found.fields.items()):
        wire = one.data_key or name
        if wire in known and not one.dump_only:
            session.add(
                "argument-twice",
                session.places.of_field(one) or place,
                f"{known[wire]!r} and {name!r} have the same name in requests: {wire!r}",
                "use a different data_key for each, or none",
            )
            # The host rejects both. Without one of them, the check can continue.
            del found.fields[name]
            found.complete = False
        known[wire] = name
    if any(not isinstance(name, str) for name in names):
        return
    try:
        schema = Arguments(found.fields).schema
    except Exception as error:
        session.add(
            "argument-broken",
            place,
            f"the host cannot use the arguments together: {reason(error)}",
            "correct their declaration",
        )
        found.complete = False
        return
    unknown = names - set(found.fields)
    if unused := {name for name, one in schema.fields.items() if defaults.unused(name, one)}:
        unknown |= unused
        found.complete = False
    always, sometimes = given(schema.fields)
    sometimes = [*sorted(unknown - {*always, *sometimes}), *sometimes]
    if not signatures.check(session, found.function, call, always, sometimes, unknown):
        found.complete = False
    if "accept" in found.fields and found.function == "predict":
        accept.check_use(session, call)


def _is_unchecked_enum(one: fields.Field) -> bool:
    inner = one.inner if isinstance(one, fields.List) else one
    enum = one.metadata.get("enum") or inner.metadata.get("enum")
    if (
        not enum
        or is_file(one)
        or not type(inner).__module__.startswith(("marshmallow", "webargs"))
    ):
        return False
    return not (one.validators or inner.validators or isinstance(inner, fields.Boolean))


def _is_secret(name: str) -> bool:
    plain = name.lower().replace("-", "_")
    return bool(_SECRET_WORDS & set(plain.split("_"))) or any(p in plain for p in _SECRET_PAIRS)
