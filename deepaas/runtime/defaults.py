"""Checks defaults of arguments, which ``predict`` receives without validation."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

import marshmallow
from marshmallow import fields, missing

from deepaas.runtime.arguments import is_file
from deepaas.runtime.failures import reason

_NUMBERS = (int, float, decimal.Decimal)
_WORDS = {
    str: "a string",
    bool: "True or False",
    int: "an integer",
    float: "a number",
    list: "a list",
    dict: "a dict",
    dt.date: "a date",
    dt.datetime: "a datetime",
    dt.timedelta: "a timedelta",
    uuid.UUID: "a UUID",
}


_EXAMPLES: tuple[tuple[type[fields.Field], str], ...] = (
    (fields.Boolean, "True"),
    (fields.Integer, "3"),
    (fields.Number, "0.5"),
    (fields.UUID, "uuid.UUID(int=1)"),
    (fields.Email, "'ada@example.org'"),
    (fields.Url, "'https://example.org'"),
    (fields.Date, "datetime.date(2026, 1, 31)"),
    (fields.Time, "datetime.time(12, 30)"),
    (fields.DateTime, "datetime.datetime(2026, 1, 31)"),
    (fields.TimeDelta, "datetime.timedelta(seconds=3)"),
    (fields.String, "'text'"),
    (fields.List, "[]"),
    (fields.Mapping, "{}"),
)
"""A value for each type of field; the first that matches counts."""


class Wrong(NamedTuple):
    code: str
    problem: str
    fix: str


def problem(name: str, field: fields.Field, *, call: bool = False) -> Wrong | None:
    """Return the problem of a default, or None. The field must be bound to a schema.

    ``call``: also look at what a callable default returns.
    """
    value: Any = field.load_default
    if callable(value):
        if not call:
            return None
        try:
            value = value()
        except Exception as error:
            text = f"load_default of {name!r} failed: {reason(error)}"
            return Wrong("default-invalid", text, "fix this function")
    if value is missing or value is None:
        return None
    told = f"the default of {name!r}, {_short(value)},"
    if isinstance(field, fields.List) and value == []:
        return None
    if is_file(field) or (isinstance(field, fields.List) and is_file(field.inner)):
        text = f"{told} is not a file: predict gets it instead of an UploadedFile"
        return Wrong("default-type", text, "use load_default=None")
    refused = _refused(field, value)
    if refused:
        text = f"{told} is invalid: {refused}"
        return Wrong("default-invalid", text, "change the default, or the validators")
    loaded = _loaded(field, value)
    if isinstance(loaded, marshmallow.ValidationError):
        text = f"{told} is invalid: {_messages(loaded)}"
        fix = f"use a value that {type(field).__name__} accepts{_for_example(field)}"
        return Wrong("default-invalid", text, fix)
    if loaded is missing or _alike(value, loaded):
        return None
    text = f"{told} is {_word(value)}, but values from clients are {_word(loaded)}"
    return Wrong("default-type", text, f"load_default={loaded!r}")


def unused(name: str, field: fields.Field) -> Wrong | None:
    """Return what is wrong if an author wrote ``default=``, which only counts for results."""
    value: Any = field.dump_default
    if value is missing or field.load_default is not missing or field.required:
        return None
    shown = "…" if callable(value) else _short(value)
    text = f"default={shown} (dump_default) of {name!r} has no effect on arguments"
    return Wrong("default-unused", text, f"write load_default={shown}")


def _for_example(field: fields.Field) -> str:
    """A value of the field's type, if it is known."""
    example = next((told for kind, told in _EXAMPLES if isinstance(field, kind)), "")
    return f", for example {example}" if example else ""


def _refused(field: fields.Field, value: Any) -> str:
    try:
        field._validate(value)
    except marshmallow.ValidationError as error:
        return _messages(error)
    except Exception:
        return ""  # A validator for another type; this is reported elsewhere.
    return ""


def _loaded(field: fields.Field, value: Any) -> Any:
    """Return the value as if a client had sent it; ``missing`` if unknown."""
    if not type(field).__module__.startswith(("marshmallow", "webargs")):
        return missing  # The author's own classes may convert a value to anything.
    wire = value
    try:
        wire = field._serialize(value, "value", {"value": value})
    except Exception:
        wire = value
    try:
        return field.deserialize(wire)
    except marshmallow.ValidationError as error:
        return error
    except Exception:
        return missing


def _alike(value: Any, loaded: Any) -> bool:
    for kinds in (_NUMBERS, (list, tuple, set), (Mapping,)):
        if isinstance(value, kinds) and isinstance(loaded, kinds):
            return isinstance(value, bool) == isinstance(loaded, bool)
    return loaded is None or isinstance(value, type(loaded))


def _messages(error: marshmallow.ValidationError) -> str:
    messages: Any = error.messages
    texts = messages if isinstance(messages, list) else [messages]
    return " ".join(str(text) for text in texts)


def _word(value: Any) -> str:
    return _WORDS.get(type(value), type(value).__name__)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
