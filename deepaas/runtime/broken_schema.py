"""Says in plain words how a result breaks the schema that its author has declared."""

from __future__ import annotations

import inspect
import math
import re
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import marshmallow
from marshmallow import fields

from deepaas.model.v2.fields import Tensor

MAX_COUNT = 5
"""So many differences are listed."""

MAX_NAME_CHARACTERS = 80

_WHOLE = "_schema"
_PYTHON: tuple[tuple[type[fields.Field], type | tuple[type, ...], str], ...] = (
    (fields.Boolean, bool, "True or False"),
    (fields.Integer, int, "an int"),
    (fields.Number, (int, float), "a float"),
    (fields.UUID, (), "a UUID"),
    (fields.DateTime, (), "value.isoformat()"),
    (fields.Date, (), "value.isoformat()"),
    (fields.Time, (), "value.isoformat()"),
    (fields.TimeDelta, (), "a number of seconds"),
    (fields.String, str, "a str"),
    (fields.List, (list, tuple), "a list"),
    (fields.Tuple, (list, tuple), "a list"),
    (fields.Nested, dict, "a dict"),
    (fields.Mapping, dict, "a dict"),
)
"""What to return for a field: its classes, and in words. The first that matches counts."""


class Breach(NamedTuple):
    """``problem``: what was declared and what came. ``fix``: what to return instead."""

    problem: str
    fix: str

    def advice(self, where: str) -> str:
        """What to do; ``where`` is the place of the declaration, if it is known."""
        return f"{self.fix}, or change the schema{f' in {where}' if where else ''}"


class _Difference(NamedTuple):
    field: Any  # None if it is not declared.
    value: Any
    path: tuple[Any, ...]
    text: str  # marshmallow's.


def only_no_numbers(schema: marshmallow.Schema, result: Any, messages: Any) -> bool:
    """Whether NaN and Infinity are all that marshmallow rejects: they become null."""
    found = [one.value for one in _differences(schema, result, messages, ())]
    return bool(found) and all(isinstance(one, float) and not math.isfinite(one) for one in found)


def broken(schema: marshmallow.Schema, result: Any, messages: Any) -> Breach:
    """Explain the ``messages`` of a ValidationError."""
    if not isinstance(result, Mapping):
        names = ", ".join(repr(one.data_key or name) for name, one in schema.fields.items())
        forgot = ": is a 'return' missing?" if result is None else ""
        problem = f"the result is {_came(result)}, but the schema declares a dict with {names}"
        return Breach(f"{problem}{forgot}", "return a dict")
    found = list(_differences(schema, result, messages, ()))
    # What is not declared comes in any order from marshmallow.
    found.sort(key=lambda one: (1, str(one.path)) if one.field is None else (0, ""))
    told = [_told(one) for one in found[:MAX_COUNT]]
    more = len(found) - len(told)
    problems = [one.problem for one in told] + ([f"and {more} more"] if more else [])
    return Breach("; ".join(problems), ", ".join(dict.fromkeys(one.fix for one in told)))


def place(author: Any) -> str:
    """``FILE:LINE`` of the author's ``schema``; empty if unknown."""
    declared = getattr(author, "schema", None)
    try:
        if inspect.isclass(declared):
            return f"{inspect.getsourcefile(declared)}:{inspect.getsourcelines(declared)[1]}"
        module = author if inspect.ismodule(author) else inspect.getmodule(type(author))
        lines = inspect.getsource(module).splitlines() if module is not None else []
    except (OSError, TypeError):
        return ""
    for number, line in enumerate(lines, 1):
        if re.match(r"\s*schema\s*[:=]", line):
            return f"{getattr(module, '__file__', '')}:{number}"
    return ""


def _differences(
    schema: Any, value: Any, messages: Any, path: tuple[Any, ...]
) -> Iterator[_Difference]:
    if not isinstance(messages, Mapping):
        texts = messages if isinstance(messages, (list, tuple)) else [messages]
        yield _Difference(schema, value, path, " ".join(map(str, texts)).rstrip("."))
        return
    for key, inner in messages.items():
        if key == _WHOLE:
            yield from _differences(schema, value, inner, path)
        elif isinstance(schema, fields.Mapping) and isinstance(inner, Mapping):
            # marshmallow has "key" and "value" below each key of a dict.
            if "key" in inner:
                yield from _differences(schema.key_field, key, inner["key"], (*path, key))
            if "value" in inner:
                item = _item(value, key)
                yield from _differences(schema.value_field, item, inner["value"], (*path, key))
        else:
            yield from _differences(_field(schema, key), _item(value, key), inner, (*path, key))


def _field(schema: Any, key: Any) -> Any:
    if isinstance(schema, fields.Nested):
        if schema.many and isinstance(key, int):
            return schema.schema
        return _field(schema.schema, key)
    if isinstance(schema, marshmallow.Schema):
        named = {one.data_key or name: one for name, one in schema.fields.items()}
        return named.get(key)
    if isinstance(schema, fields.List):
        return schema.inner
    return schema.tuple_fields[key] if isinstance(schema, fields.Tuple) else None


def _item(value: Any, key: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get(key, marshmallow.missing)
    if isinstance(value, Sequence) and isinstance(key, int) and key < len(value):
        return value[key]
    return marshmallow.missing


def _told(one: _Difference) -> Breach:
    field, value = one.field, one.value
    name = _name(one.path)
    if not one.path:
        return Breach(f"the result {_came(value)}: {one.text}", "return another result")
    if field is None:
        return Breach(f"result {name!r}: not declared, got {_came(value)}", f"remove {name!r}")
    declared = "a dict" if isinstance(field, marshmallow.Schema) else type(field).__name__
    if value is marshmallow.missing:
        required = getattr(field, "error_messages", {}).get("required", "")
        if one.text != str(required).rstrip("."):  # Of a field that puts it elsewhere.
            return Breach(f"result {name!r}: declared {declared}: {one.text}", f"correct {name!r}")
        return Breach(
            f"result {name!r}: declared {declared}, required, but missing", f"add {name!r}"
        )
    problem = f"result {name!r}: declared {declared}, got {_came(value)}"
    classes, python = next(
        ((classes, python) for kind, classes, python in _PYTHON if isinstance(field, kind)),
        ((dict,), "a dict") if isinstance(field, marshmallow.Schema) else ((), ""),
    )
    if value is None:
        return Breach(problem, f"return {python or 'a value'}, allow it with allow_none=True")
    if isinstance(field, Tensor) or not python or isinstance(value, classes):
        # The type is right, or unknown: a validator can say more.
        return Breach(f"{problem}: {one.text}", f"return another {name!r}")
    return Breach(problem, f"return {python}")


def _name(path: tuple[Any, ...]) -> str:
    told = ""
    for key in path:
        told += f"[{key}]" if isinstance(key, int) else f"{'.' if told else ''}{key}"
    return told if len(told) <= MAX_NAME_CHARACTERS else f"{told[:MAX_NAME_CHARACTERS]}..."


def _came(value: Any) -> str:
    if value is None:
        return "None"
    try:
        text = " ".join(reprlib.repr(value).split())
    except Exception:
        text = "a value"
    return f"{text} ({type(value).__name__})"
