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
        return Wrong("default-invalid", text, f"use a value that {type(field).__name__} accepts")
    if loaded is missing or _alike(value, loaded):
        return None
    text = f"{told} is {_word(value)}, but values from clients are {_word(loaded)}"
    return Wrong("default-type", text, f"load_default={loaded!r}")


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
