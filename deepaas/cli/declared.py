"""Converts the author's marshmallow fields to options of a command."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from marshmallow import fields, missing, validate

from deepaas.cli import options
from deepaas.cli.options import NOTHING, Option, shown
from deepaas.model.v2.fields import Tensor
from deepaas.runtime.arguments import Arguments, is_file
from deepaas.runtime.media import ANY
from deepaas.tensors.declared import expectation

_KINDS: tuple[tuple[type[fields.Field], str], ...] = (
    (fields.Boolean, "boolean"),
    (fields.Integer, "integer"),
    (fields.Number, "number"),
    (fields.TimeDelta, "integer"),
    (fields.Time, "time"),
    (fields.Date, "date"),
    (fields.DateTime, "datetime"),
    (fields.UUID, "uuid"),
    (fields.Email, "email"),
    (fields.Url, "url"),
    (fields.String, "text"),
)
"""The first match is used, so subclasses come before their bases."""


def read_options(arguments: Arguments) -> list[Option]:
    """Return the arguments of a function in the order of their declaration."""
    return [
        _option(name, field, arguments)
        for name, field in arguments.schema.fields.items()
        if not field.dump_only
    ]


def _option(name: str, field: fields.Field, arguments: Arguments) -> Option:
    wire = field.data_key or name
    inner = field.inner if isinstance(field, fields.List) else field
    secret = field.metadata.get("format") == "password"
    default: Any = NOTHING
    if name == "accept" and arguments.accept_default is not missing:
        default = arguments.accept_default
    elif field.load_default is not missing:
        default = field.load_default
    if secret:
        default = NOTHING
    elif callable(default):
        default = "computed for each call"
    return Option(
        name=wire,
        shape=_shape(field),
        kind=_kind(inner),
        description=str(field.metadata.get("description") or ""),
        required=field.required,
        default=default,
        choices=_choices(field, inner),
        limits=(
            (expectation(field.wanted),)
            if isinstance(field, Tensor)
            else tuple(_limits(field, inner))
        ),
        place=str(field.metadata.get("location") or ""),
        flags=(f"--{name}",) if name != wire else (),
        quoted=isinstance(inner, fields.String),
    )


def _shape(field: fields.Field) -> str:
    if isinstance(field, Tensor):
        return options.TENSOR
    if isinstance(field, fields.List):
        if is_file(field) or is_file(field.inner):
            return options.FILES
        # Nested values can only be given as JSON.
        nested = (fields.Nested, fields.Mapping, fields.List, fields.Tuple)
        return options.STRUCTURE if isinstance(field.inner, nested) else options.MANY
    if is_file(field):
        return options.FILE
    if isinstance(field, (fields.Nested, fields.Mapping, fields.Tuple)):
        return options.STRUCTURE
    return options.SWITCH if isinstance(field, fields.Boolean) else options.ONE


def _kind(field: fields.Field) -> str:
    return next((word for kind, word in _KINDS if isinstance(field, kind)), "value")


def _validators(field: fields.Field, inner: fields.Field) -> Iterator[Any]:
    yield from field.validators
    if inner is not field:
        yield from inner.validators


def _choices(field: fields.Field, inner: fields.Field) -> tuple[str, ...]:
    for validator in _validators(field, inner):
        if isinstance(validator, (validate.OneOf, validate.ContainsOnly)):
            return tuple(shown(choice) for choice in validator.choices if choice != ANY)
    # An author's `enum` is documentation: hosts do not validate it.
    enum = field.metadata.get("enum") or ()
    listed = [enum] if isinstance(enum, str) or not isinstance(enum, Collection) else enum
    return tuple(shown(choice) for choice in listed)


def _limits(field: fields.Field, inner: fields.Field) -> Iterator[str]:
    for validator in _validators(field, inner):
        if isinstance(validator, validate.Range):
            yield from _range(validator)
        elif isinstance(validator, validate.Length):
            what = "items" if validator in field.validators and inner is not field else "characters"
            yield from _length(validator, what)
        elif isinstance(validator, validate.Regexp):
            yield f"matches {validator.regex.pattern!s}"


def _range(limits: validate.Range) -> Iterator[str]:
    low, high = limits.min, limits.max
    if low is not None and high is not None and limits.min_inclusive and limits.max_inclusive:
        yield f"{low} to {high}"
        return
    if low is not None:
        yield f"{'at least' if limits.min_inclusive else 'more than'} {low}"
    if high is not None:
        yield f"{'at most' if limits.max_inclusive else 'less than'} {high}"


def _length(limits: validate.Length, what: str) -> Iterator[str]:
    if limits.equal is not None:
        yield f"{limits.equal} {what}"
    if limits.min is not None:
        yield f"at least {limits.min} {what}"
    if limits.max is not None:
        yield f"at most {limits.max} {what}"
