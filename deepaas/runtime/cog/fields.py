"""Inputs of a predictor as the arguments that every door of the host knows: marshmallow fields."""

from __future__ import annotations

import json
from typing import Any

from marshmallow import ValidationError, fields, validate

from deepaas.runtime.cog.signature import Parameter
from deepaas.runtime.cog.types import Type


class Whole(fields.Integer):
    """A whole number, which 2.5 is not; text of one is, since queries have nothing else."""

    def _validated(self, value: Any) -> Any:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Object(fields.Dict):
    """An object; JSON of one is, too, since forms and queries have nothing else."""

    def _deserialize(self, value: Any, *others: Any, **options: Any) -> Any:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                raise self.make_error("invalid") from None
        return super()._deserialize(value, *others, **options)  # type: ignore[no-untyped-call]


_PLAIN: dict[str, type[fields.Field]] = {
    "string": fields.String,
    "secret": fields.String,
    "integer": Whole,
    "number": fields.Float,
    "boolean": fields.Boolean,
    "object": Object,
    "any": fields.Raw,
    "file": fields.Raw,
    "opened": fields.Raw,
}
_EXACT = (("boolean", bool), ("integer", int), ("number", float), ("string", str))
_ORDER = ("boolean", "integer", "number", "string")


class Pattern(validate.Regexp):
    """A regular expression that is found anywhere in a text, as Cog and Pydantic have it."""

    def __call__(self, value: Any) -> Any:
        """Check a text.

        Raises:
            ValidationError: it is not in there.
        """
        if self.regex.search(value) is None:
            raise ValidationError(self._format_error(value))
        return value


class Union(fields.Field):
    """One of several kinds of value: the first that it is, else the first that it can be read as.

    Args:
        members: by kind.
    """

    def __init__(self, members: dict[str, fields.Field], **options: Any) -> None:
        super().__init__(**options)
        self._members = members

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        for kind, python in _EXACT:
            if kind in self._members and type(value) is python:
                return value
        for kind in (*_ORDER, *self._members):
            if kind == "string" and not isinstance(value, str):
                continue
            try:
                if kind in self._members:
                    return self._members[kind].deserialize(value, attr, data, **options)
            except ValidationError:
                continue
        raise ValidationError(f"Not one of: {', '.join(self._members)}.")


def field(parameter: Parameter) -> fields.Field:
    """The argument for an input."""
    options: dict[str, Any] = {
        "required": parameter.required,
        "allow_none": _may_be_none(parameter.type),
    }
    if not parameter.required:
        options["load_default"] = parameter.default
    metadata: dict[str, Any] = {}
    if parameter.description:
        metadata["description"] = parameter.description
    if parameter.deprecated:
        metadata["x-deprecated"] = True  # Swagger 2.0 has no word for it.
    return _field(parameter.type, _validators(parameter), metadata, options)


def _field(
    kind: Type,
    validators: list[validate.Validator],
    metadata: dict[str, Any],
    options: dict[str, Any],
) -> fields.Field:
    if kind.kind == "array":
        lengths = [one for one in validators if isinstance(one, validate.Length)]
        of_items = [one for one in validators if one not in lengths]
        inner = _field(kind.inner[0], of_items, {}, {"allow_none": _may_be_none(kind.inner[0])})
        if kind.is_file:
            metadata = {**metadata, "type": "file"}
        return fields.List(inner, validate=lengths, metadata=metadata, **options)
    if kind.kind == "union":
        members = {one.kind: _field(one, [], {}, {}) for one in kind.inner}
        return Union(members, metadata=metadata, **options)
    if kind.is_file:
        metadata = {**metadata, "type": "file"}
    if kind.kind == "secret":
        metadata = {**metadata, "format": "password"}
    return _PLAIN[kind.kind](validate=validators, metadata=metadata, **options)


def _may_be_none(kind: Type) -> bool:
    return kind.nullable or kind.kind == "any"


def _validators(parameter: Parameter) -> list[validate.Validator]:
    found: list[validate.Validator] = []
    limits = parameter.limits
    low, high = limits.get("ge", limits.get("gt")), limits.get("le", limits.get("lt"))
    if low is not None or high is not None:
        found.append(
            validate.Range(
                min=low,
                max=high,
                min_inclusive="gt" not in limits,
                max_inclusive="lt" not in limits,
            )
        )
    shortest, longest = limits.get("min_length"), limits.get("max_length")
    if shortest is not None or longest is not None:
        found.append(
            validate.Length(
                min=None if shortest is None else int(shortest),
                max=None if longest is None else int(longest),
            )
        )
    if parameter.pattern:
        found.append(Pattern(parameter.pattern))
    if parameter.choices:
        found.append(validate.OneOf(parameter.choices))
    return found
