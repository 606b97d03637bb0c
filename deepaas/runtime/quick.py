"""Whether a client can make the check of a function's arguments slow.

An author's code may be slow, and a regular expression holds the interpreter's lock meanwhile. What
is known to take no longer than reading the text is checked beside predictions; everything else in a
process that can be killed.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from deepaas.runtime.arguments import must_be_file

QUICK = "checked_quickly"
"""An attribute of our own classes of fields, by which they say that they are."""

_FIELDS = frozenset(
    [
        fields.Boolean,
        fields.Date,
        fields.DateTime,
        fields.Dict,
        fields.Field,
        fields.Float,
        fields.Integer,
        fields.List,
        fields.Raw,
        fields.String,
        fields.Time,
        fields.UUID,
    ]
)
_VALIDATORS: frozenset[Any] = frozenset(
    [
        validate.ContainsOnly,
        validate.Equal,
        validate.Length,
        validate.NoneOf,
        validate.OneOf,
        validate.Range,
    ]
)


def is_quick(schema: Schema) -> bool:
    return all(_is_quick(field) for field in schema.fields.values())


def _is_quick(field: fields.Field) -> bool:
    # Not `isinstance`: who derives a class has something else in mind.
    if type(field) not in _FIELDS and QUICK not in vars(type(field)):
        return False
    if callable(field.load_default) or getattr(field, "format", None):
        return False
    if not all(type(one) in _VALIDATORS or one is must_be_file for one in field.validators):
        return False
    inner = [getattr(field, name, None) for name in ("inner", "key_field", "value_field")]
    return all(_is_quick(one) for one in inner if one is not None)
