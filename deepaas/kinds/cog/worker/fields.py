"""Converts inputs of a predictor to marshmallow fields, which all doors of the host use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError, fields, validate

from deepaas.kinds.cog.worker import types
from deepaas.kinds.cog.worker.signature import MISSING, Parameter
from deepaas.kinds.cog.worker.types import Type
from deepaas.model.v2.fields import Tensor

if TYPE_CHECKING:
    from deepaas.tensors.files import Read


class Whole(fields.Integer):
    """An integer. 2.5 is rejected; "2" is accepted because queries only have strings."""

    checked_quickly = True  # See runtime.quick.
    checked_like = fields.Integer  # See runtime.exact_types.

    def _validated(self, value: Any) -> Any:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Object(fields.Dict):
    """An object. Its JSON is accepted too because forms and queries only have strings."""

    checked_quickly = True
    checked_like = fields.Dict

    def _deserialize(self, value: Any, *others: Any, **options: Any) -> Any:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                raise self.make_error("invalid") from None
        return super()._deserialize(value, *others, **options)  # type: ignore[no-untyped-call]


class TorchTensor(Tensor):
    """A tensor that is passed to the predictor as a ``torch.Tensor``, also for bfloat16."""

    @staticmethod
    def _made(read: Read) -> Any:
        from deepaas.tensors.given import torch_tensor

        return torch_tensor(read)


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
_TEXT_OF = ("boolean", "integer", "number", "array", "object")
"""What a string from a query or form may be parsed as, in this order."""


class Pattern(validate.Regexp):
    """A regular expression that may match anywhere in a string, as in Cog and Pydantic."""

    def __call__(self, value: Any) -> Any:
        """Raises ``ValidationError``."""
        if self.regex.search(value) is None:
            raise ValidationError(self._format_error(value))
        return value


class Union(fields.Field):
    """One of several types: the first, in the author's order, that the value already has.

    Only if it has none of them, a string is parsed as one of the types, for queries and forms.
    """

    def __init__(self, members: list[tuple[Type, fields.Field]], **options: Any) -> None:
        super().__init__(**options)
        # An integer is a number too, so narrower types come first whatever the author's order.
        self._members = sorted(members, key=lambda member: _breadth(member[0]))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        for kind, member in self._members:
            if is_exactly(kind, value):
                return member.deserialize(value, attr, data, **options)
        if isinstance(value, str):
            for wanted in _TEXT_OF:
                for kind, member in self._members:
                    if kind.kind != wanted:
                        continue
                    try:
                        return self._read(kind, member, value)
                    except (ValidationError, ValueError, RecursionError):
                        continue
        told = ", ".join(dict.fromkeys(_said(kind) for kind, _ in self._members))
        raise ValidationError(f"Not one of: {told}.")

    @staticmethod
    def _read(kind: Type, member: fields.Field, text: str) -> Any:
        if kind.kind not in ("array", "object"):
            return member.deserialize(text)
        value = json.loads(text)
        if not is_exactly(kind, value):
            raise ValueError(f"not of the type {kind.kind}")
        return member.deserialize(value)


def is_exactly(kind: Type, value: Any) -> bool:
    """Check the type without converting: an integer is a number, true is neither."""
    if value is None:
        return kind.nullable or kind.kind == "any"
    match kind.kind:
        case "any":
            return True
        case "union":
            return any(is_exactly(one, value) for one in kind.inner)
        case "array":
            return isinstance(value, list) and all(is_exactly(kind.inner[0], one) for one in value)
        case "boolean":
            right = isinstance(value, bool)
        case "integer":
            right = isinstance(value, int) and not isinstance(value, bool)
        case "number":
            right = isinstance(value, (int, float)) and not isinstance(value, bool)
        case "object":
            right = isinstance(value, dict)
        case _:
            right = isinstance(value, str)
    return right and (not kind.choices or value in kind.choices)


def _breadth(kind: Type) -> int:
    if kind.kind == "array":
        return _breadth(kind.inner[0])
    if kind.kind == "union":
        return max(_breadth(one) for one in kind.inner)
    return {"number": 2, "any": 3}.get(kind.kind, 0 if kind.choices else 1)


def _said(kind: Type) -> str:
    return f"array of {_said(kind.inner[0])}" if kind.kind == "array" else kind.kind


def field(parameter: Parameter) -> fields.Field:
    options: dict[str, Any] = {
        "required": parameter.required,
        "allow_none": _may_be_none(parameter.type),
    }
    if parameter.default is not MISSING:
        options["load_default"] = parameter.default
    metadata: dict[str, Any] = {}
    if parameter.description:
        metadata["description"] = parameter.description
    if parameter.deprecated:
        metadata["x-deprecated"] = True  # Swagger 2.0 has no keyword for this.
    if parameter.accept:
        metadata["x-accept"] = parameter.accept
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
        members = [(one, _field(one, _of_choices(one), {}, {})) for one in kind.inner]
        # Swagger 2.0 has no keyword for this either.
        metadata = {**metadata, "x-any-of": types.schema(kind)["anyOf"]}
        return Union(members, metadata=metadata, **options)
    if kind.tensor is not None:
        made = tensor_field(kind)
        return made(kind.tensor.dtype or None, kind.tensor.shape, metadata=metadata, **options)
    if kind.is_file:
        metadata = {**metadata, "type": "file"}
    if kind.kind == "secret":
        metadata = {**metadata, "format": "password"}
    return _PLAIN[kind.kind](validate=validators, metadata=metadata, **options)


def tensor_field(kind: Type) -> type[Tensor]:
    return TorchTensor if kind.python.__module__ == "torch" else Tensor


def _of_choices(kind: Type) -> list[validate.Validator]:
    return [validate.OneOf(kind.choices)] if kind.choices else []


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
