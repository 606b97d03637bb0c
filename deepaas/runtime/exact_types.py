"""Converts marshmallow fields to msgspec types that only accept values that the field accepts, with
the same result. They accept less: no numbers as text, and no numbers for booleans.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Optional, Union

import msgspec
import webargs.fields
from marshmallow import Schema, fields, missing, validate

LIKE = "checked_like"
"""An attribute of our own field classes: the marshmallow class with the same results for all values
except text, or which rejects more values that are not exactly of its type."""

_SAFE = 2**62
"""msgspec supports limits and choices up to this size."""
_DEEPEST = 8
_CODE = (
    *("load", "_do_load", "_deserialize", "_call_and_store"),
    *("_invoke_load_processors", "_invoke_field_validators", "_invoke_schema_validators"),
)


class Inexact(Exception):
    """No type accepts exactly what the field accepts, or it is not known."""


def exact_type(field: fields.Field, path: tuple[type, ...] = ()) -> Any:
    """``Inexact`` if there is none; a :class:`Nested` becomes a struct, whose
    ``msgspec.to_builtins`` is the result of the field. ``path`` are the enclosing schemas."""
    # Not `isinstance`, because subclasses may behave differently.
    kind = vars(type(field)).get(LIKE, type(field))
    make = _MAKERS.get(kind)
    if make is None:
        raise Inexact
    made = make(field, path)
    # Not `|`, which older Pythons do not support for msgspec's annotations.
    return Optional[made] if field.allow_none else made  # noqa: UP045


def has_structs(field: fields.Field) -> bool:
    inner = [getattr(field, name, None) for name in ("inner", "key_field", "value_field")]
    inner += getattr(field, "tuple_fields", [])
    return isinstance(field, fields.Nested) or any(has_structs(one) for one in inner if one)


def struct(members: list[tuple[str, Any, Any]]) -> Any:
    """A type for objects with exactly these members: name, type and default, or
    ``msgspec.NODEFAULT`` for a required one. Unknown members are not skipped, because skipped
    content is not checked to be valid JSON."""
    slots = [f"member_{number}" for number in range(len(members))]
    try:
        return msgspec.defstruct(
            "Object",
            [
                (slot, kind, default)
                for slot, (_, kind, default) in zip(slots, members, strict=True)
            ],
            rename={slot: name for slot, (name, _, _) in zip(slots, members, strict=True)},
            forbid_unknown_fields=True,
            kw_only=True,
        )
    except (ValueError, UnicodeError):  # Duplicate names, or names that a struct does not support.
        raise Inexact from None


def maybe(kind: Any) -> Any:
    """The type of an optional member."""
    return Union[kind, msgspec.UnsetType]  # noqa: UP007


def _boolean(field: fields.Boolean, _path: tuple[type, ...]) -> Any:
    _annotated(bool, field, {})
    if field.truthy and not (
        True in field.truthy and False in field.falsy and False not in field.truthy
    ):
        raise Inexact
    return bool


def _string(field: fields.Field, _path: tuple[type, ...]) -> Any:
    return _choices(field, str) or _annotated(str, field, _OF_TEXTS)


def _integer(field: fields.Field, _path: tuple[type, ...]) -> Any:
    return _choices(field, int) or _annotated(int, field, {validate.Range: _whole_range})


def _float(field: fields.Float, _path: tuple[type, ...]) -> Any:
    if field.allow_nan:
        return _annotated(float, field, {validate.Range: _range})
    limits = _limits(field, {validate.Range: _range})
    # JSON has no NaN, but other values may be NaN, and limits exclude it.
    if not limits.keys() & {"ge", "gt"}:
        limits["ge"] = -sys.float_info.max
    if not limits.keys() & {"le", "lt"}:
        limits["le"] = sys.float_info.max
    return Annotated[float, msgspec.Meta(**limits)]


def _list(field: fields.List, path: tuple[type, ...]) -> Any:
    inner: Any = exact_type(field.inner, path)
    return _annotated(list[inner], field, _OF_SIZES)


def _dict(field: fields.Dict, path: tuple[type, ...]) -> Any:
    if field.key_field is not None and type(field.key_field) is not fields.String:
        raise Inexact
    keys: Any = str if field.key_field is None else exact_type(field.key_field, path)
    values: Any = Any if field.value_field is None else exact_type(field.value_field, path)
    return _annotated(dict[keys, values], field, _OF_SIZES)


def _tuple(field: fields.Tuple, path: tuple[type, ...]) -> Any:
    members: Any = tuple(exact_type(one, path) for one in field.tuple_fields)
    if not members:
        raise Inexact
    return _annotated(tuple[members], field, {})


def _raw(field: fields.Field, _path: tuple[type, ...]) -> Any:
    if not field.allow_none:  # No type has all values except one.
        raise Inexact
    return _annotated(Any, field, {})


def _nested(field: fields.Nested, path: tuple[type, ...]) -> Any:
    _annotated(dict, field, {})
    schema = field.schema
    if type(schema) in path or len(path) >= _DEEPEST or not _is_plain(schema):
        raise Inexact
    if bool(field.many) != bool(schema.many):
        raise Inexact
    path = (*path, type(schema))
    members = []
    for name, member in schema.load_fields.items():
        wire = name if member.data_key is None else member.data_key
        # A struct member has only one name for both sides.
        if (member.attribute or name) != wire or "." in wire:
            raise Inexact
        members.append((wire, *_member(member, path)))
    made: Any = struct(members)
    return list[made] if schema.many else made


def _member(field: fields.Field, path: tuple[type, ...]) -> tuple[Any, Any]:
    kind, default = exact_type(field, path), field.load_default
    if field.required:
        return kind, msgspec.NODEFAULT
    if default is missing:
        return maybe(kind), msgspec.UNSET
    if type(default) not in (bool, int, float, str, type(None)):
        raise Inexact  # A mutable value, or a function.
    # A default need not be a valid value.
    return maybe(kind), default


def _is_plain(schema: Schema) -> bool:
    """Whether it only applies its fields to the members, and does nothing else."""
    return (
        schema.dict_class is dict
        and not schema.partial
        and not any(schema._hooks.values())
        and all(getattr(type(schema), name) is getattr(Schema, name) for name in _CODE)
    )


def _annotated(kind: Any, field: fields.Field, known: _Known) -> Any:
    limits = _limits(field, known)
    return Annotated[kind, msgspec.Meta(**limits)] if limits else kind


def _limits(field: fields.Field, known: _Known) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for validator in field.validators:
        translate = known.get(type(validator))
        limits = {} if translate is None else translate(validator)
        if translate is None or found.keys() & limits.keys():
            raise Inexact
        found |= limits
    return found


def _choices(field: fields.Field, kind: Any) -> Any:
    """The type for a fixed set of values, None if there is none."""
    match field.validators:
        case [validate.OneOf() as one] if type(one) is validate.OneOf:
            choices: Any = one.choices
        case [validate.Equal() as one] if type(one) is validate.Equal:
            choices = [one.comparable]
        case _:
            return None
    # In a string, each substring would be a choice.
    if not isinstance(choices, (list, tuple, set, frozenset)) or not choices:
        raise Inexact
    if not all(type(one) is kind and (kind is str or abs(one) < _SAFE) for one in choices):
        raise Inexact
    return Literal[tuple(choices)]


def _whole_range(validator: validate.Range) -> dict[str, Any]:
    limits = _range(validator)
    if not all(limit.is_integer() and abs(limit) < _SAFE for limit in limits.values()):
        raise Inexact
    return {name: int(limit) for name, limit in limits.items()}


def _range(validator: validate.Range) -> dict[str, float]:
    limits: dict[str, float] = {}
    if validator.min is not None:
        limits["ge" if validator.min_inclusive else "gt"] = _number(validator.min)
    if validator.max is not None:
        limits["le" if validator.max_inclusive else "lt"] = _number(validator.max)
    return limits


def _number(limit: Any) -> float:
    """As a float, if it is exactly the same number."""
    if type(limit) not in (int, float) or abs(limit) > sys.float_info.max or math.isnan(limit):
        raise Inexact
    if float(limit) != limit:
        raise Inexact
    return float(limit)


def _length(validator: validate.Length) -> dict[str, int]:
    low, high = validator.min, validator.max
    if validator.equal is not None:
        low = high = validator.equal
    limits = {"min_length": low, "max_length": high}
    found = {name: limit for name, limit in limits.items() if limit is not None}
    if not all(type(limit) is int and 0 <= limit < _SAFE for limit in found.values()):
        raise Inexact
    return found


def _pattern(validator: validate.Regexp) -> dict[str, str]:
    """msgspec searches anywhere, marshmallow matches from the beginning."""
    regex = validator.regex
    if not isinstance(regex.pattern, str) or regex.flags != re.UNICODE or "(?u)" in regex.pattern:
        raise Inexact
    return {"pattern": rf"\A(?:{regex.pattern})"}


_Known = Mapping[type, Callable[[Any], dict[str, Any]]]
_OF_SIZES: _Known = {validate.Length: _length}
_OF_TEXTS: _Known = {validate.Length: _length, validate.Regexp: _pattern}

_MAKERS: dict[type, Callable[[Any, tuple[type, ...]], Any]] = {
    fields.Boolean: _boolean,
    fields.Dict: _dict,
    fields.Field: _raw,
    fields.Float: _float,
    fields.Integer: _integer,
    fields.List: _list,
    fields.Nested: _nested,
    fields.Raw: _raw,
    fields.String: _string,
    fields.Tuple: _tuple,
    webargs.fields.Nested: _nested,
}
