"""Determines whether a client can make the validation of arguments slow.

An author's code may be slow, and regular expressions hold the interpreter lock. Validation that
takes no longer than reading the text runs next to predictions; everything else runs in a process
that can be killed.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from deepaas.model.v2.fields import Tensor
from deepaas.runtime.arguments import must_be_file

QUICK = "checked_quickly"
"""An attribute of our own field classes whose validation is fast."""

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


def is_quick(schema: Schema, *, tensors: bool = False) -> bool:
    """`tensors`: whether they count as quick, too: it takes no longer than copying them."""
    return all(
        (tensors and isinstance(field, Tensor)) or _is_quick(field)
        for field in schema.fields.values()
    )


def _is_quick(field: fields.Field) -> bool:
    # Not `isinstance`, because subclasses may behave differently.
    if type(field) not in _FIELDS and QUICK not in vars(type(field)):
        return False
    if callable(field.load_default) or getattr(field, "format", None):
        return False
    if not all(type(one) in _VALIDATORS or one is must_be_file for one in field.validators):
        return False
    inner = [getattr(field, name, None) for name in ("inner", "key_field", "value_field")]
    return all(_is_quick(one) for one in inner if one is not None)
