"""The declared return type of a function: a schema for clients, and details for the worker."""

from __future__ import annotations

import collections.abc
import dataclasses
import types as python_types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from deepaas.kinds.cog.worker import types
from deepaas.kinds.cog.worker.faults import FaultList
from deepaas.kinds.cog.worker.signature import called
from deepaas.kinds.cog.worker.types import Json, Type, Unsupported, UnsupportedType
from deepaas.messages import TensorDetails
from deepaas.model.v2.fields import Tensor

_ITERATORS = (
    collections.abc.Iterator,
    collections.abc.AsyncIterator,
    collections.abc.Iterable,
    collections.abc.AsyncIterable,
    collections.abc.Generator,
    collections.abc.AsyncGenerator,
)
_CONCATENATED = ("ConcatenateIterator", "AsyncConcatenateIterator")
_ASYNCHRONOUS = ("AsyncIterator", "AsyncIterable", "AsyncGenerator", "AsyncConcatenateIterator")
SUPPORTED = (
    "str, int, float, bool, dict, list[…], Path (a file), numpy.ndarray, torch.Tensor, Any, a "
    "dataclass, TypedDict or Pydantic model, or Iterator[…]"
)
"""Return types, for messages."""

_LISTS = (list, tuple, set, frozenset, Sequence)


@dataclass(frozen=True)
class OutputType:
    """The declared return type of a function.

    Attributes:
        schema: as JSON, in the terms of OpenAPI 3.0; files are URIs.
        response: the marshmallow schema of an object with named fields, None for other types.
        is_file: whether it is one file.
        in_parts: whether an iterator yields it in parts.
        tensors: by name, or a single one under the empty name.
    """

    schema: Json
    response: type[Schema] | None = None
    is_file: bool = False
    in_parts: bool = False
    asynchronous: bool = False
    tensors: dict[str, TensorDetails] = dataclasses.field(default_factory=dict)


def read(function: Callable[..., Any], hints: dict[str, Any], faults: FaultList) -> OutputType:
    """Read the return type. Problems are added to ``faults``."""
    said = called(function)
    if "return" not in hints:
        faults.add(f"{said} has no return type", "add one, for example -> str", function)
        return OutputType({})
    try:
        return _read(hints["return"])
    except UnsupportedType as error:
        problem = f"{said}: return type: results cannot be of the type {error.name}"
        fix = f"write for example -> {error.instead}, or use one of {SUPPORTED}"
        faults.add(problem, fix, function, "return")
        return OutputType({})
    except Unsupported as error:
        faults.add(f"{said}: return type: {error}", error.fix, function, "return")
        return OutputType({})


def _read(annotation: Any) -> OutputType:
    if (kind := types.opaque(annotation)) is not None:
        return OutputType(types.schema(kind))
    if (kind := types.tensor(annotation)) is not None:
        assert kind.tensor is not None
        return OutputType(types.schema(kind), tensors={"": kind.tensor})
    annotation = _bare(annotation)
    origin = typing.get_origin(annotation) or annotation
    if origin in _ITERATORS or getattr(origin, "__name__", "") in _CONCATENATED:
        return _iterator(annotation, origin)
    schema = _Reader().schema(annotation)
    if (named := _named_fields(annotation)) is not None:
        kinds = {name: types.tensor(one.annotation) for name, one in named.items()}
        tensors = {name: one.tensor for name, one in kinds.items() if one and one.tensor}
        is_class = not typing.is_typeddict(annotation)
        response = _Reader().response(annotation) if is_class else None
        return OutputType(schema, response, tensors=tensors)
    return OutputType(schema, is_file=_is_file(annotation))


def _iterator(annotation: Any, origin: Any) -> OutputType:
    items = typing.get_args(annotation)
    if not items:
        raise Unsupported(
            f"{types.name(annotation)} needs the type of its items", "for example Iterator[str]"
        )
    schema: Json = {
        "type": "array",
        "items": _Reader().schema(items[0]),
        "x-cog-array-type": "iterator",
    }
    name = getattr(origin, "__name__", "")
    if name in _CONCATENATED:
        if _bare(items[0]) is not str:
            raise Unsupported(
                f"the items of {types.name(annotation)} must be str", f"write {name}[str]"
            )
        schema["x-cog-array-display"] = "concatenate"
    return OutputType(schema, in_parts=True, asynchronous=name in _ASYNCHRONOUS)


def _is_file(annotation: Any) -> bool:
    members = [one for one in _alternatives(annotation) if one is not type(None)]
    return len(members) == 1 and (kind := _kind(members[0])) is not None and kind.is_file_alone


MAX_NAMED_COUNT = 500
"""Maximum number of classes whose fields a schema lists; a class that occurs twice counts twice."""


class _Reader:
    def __init__(self) -> None:
        self._within: list[Any] = []
        self._named_count = 0
        self._schemas: dict[Any, type[Schema]] = {}

    def schema(self, annotation: Any) -> Json:
        """Return the JSON schema of an annotation. Raises ``Unsupported``."""
        if annotation is None or annotation is type(None):
            return {"nullable": True}
        if (kind := types.opaque(annotation) or types.tensor(annotation)) is not None:
            return types.schema(kind)
        if len(members := _alternatives(annotation)) > 1:
            return self._union(members)
        (annotation,) = members
        origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in _LISTS or (annotation in _LISTS):
            kinds = [one for one in inner if one is not ...]
            alike = bool(kinds) and all(one == kinds[0] for one in kinds)
            return {"type": "array", "items": self.schema(kinds[0]) if alike else {}}
        if origin in (dict, Mapping) and len(inner) > 1:
            return {"type": "object", "additionalProperties": self.schema(inner[1])}
        named = _named_fields(annotation)
        if named is None:
            return types.schema(types.read(annotation))
        self._named_count += 1
        if annotation in self._within or self._named_count > MAX_NAMED_COUNT:
            # A recursive class, or classes that each contain the one before twice.
            return {"type": "object"}
        self._within.append(annotation)
        told = self._object(named)
        self._within.remove(annotation)
        return told

    def response(self, annotation: Any) -> type[Schema]:
        """Return a class with named fields as a marshmallow schema, for the API document."""
        if annotation not in self._schemas:
            self._within.append(annotation)
            declared = {
                name: self._field(one.annotation, allow_none=True, metadata=_metadata(one))
                for name, one in (_named_fields(annotation) or {}).items()
            }
            self._within.remove(annotation)
            self._schemas[annotation] = Schema.from_dict(declared, name=annotation.__name__)
        return self._schemas[annotation]

    def _union(self, members: Sequence[Any]) -> Json:
        nullable = {"nullable": True} if type(None) in members else {}
        told = [self.schema(one) for one in members if one is not type(None)]
        return {**(told[0] if len(told) == 1 else {"anyOf": told}), **nullable}

    def _object(self, named: dict[str, _Named]) -> Json:
        properties: Json = {}
        required = []
        for field, one in named.items():
            told = self.schema(one.annotation)
            properties[field] = told | _metadata(one)
            # A required key may be null; a nullable field is not required.
            if one.is_key if one.is_key is not None else not told.get("nullable"):
                required.append(field)
        schema: Json = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        return schema

    def _field(self, annotation: Any, **options: Any) -> fields.Field:
        if types.opaque(annotation) is not None:
            return fields.Raw(**options)
        if (kind := types.tensor(annotation)) is not None:
            assert kind.tensor is not None
            return Tensor(kind.tensor.dtype or None, kind.tensor.shape, **options)
        members = [one for one in _alternatives(annotation) if one is not type(None)]
        if len(members) != 1:
            return fields.Raw(**options)
        (only,) = members
        known = not typing.is_typeddict(only) and _named_fields(only) is not None
        if known and only not in self._within:
            return fields.Nested(self.response(only), **options)
        if typing.get_origin(only) is list:
            item = typing.get_args(only)[0]
            nullable = {"allow_none": True} if type(None) in _alternatives(item) else {}
            return fields.List(self._field(item, **nullable), **options)
        match _kind(only):
            case Type(kind="string" | "secret" | "file" | "opened"):
                return fields.String(**options)
            case Type(kind="integer"):
                return fields.Integer(**options)
            case Type(kind="number"):
                return fields.Float(allow_nan=True, **options)
            case Type(kind="boolean"):
                return fields.Boolean(**options)
            case Type(kind="object"):
                return fields.Dict(**options)
            case _:
                return fields.Raw(**options)


@dataclass(frozen=True)
class _Named:
    """`is_key`: whether it is required, None if that depends on its type."""

    annotation: Any
    description: str = ""
    is_key: bool | None = None


def _metadata(named: _Named) -> Json:
    return {"description": named.description} if named.description else {}


def _bare(annotation: Any) -> Any:
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    return annotation


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    annotation = _bare(annotation)
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, python_types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


def _named_fields(annotation: Any) -> dict[str, _Named] | None:
    if not isinstance(annotation, type) or typing.get_origin(annotation) is not None:
        return None
    known = getattr(annotation, "model_fields", None)  # of Pydantic
    keys = (
        getattr(annotation, "__required_keys__", None) if typing.is_typeddict(annotation) else None
    )
    if known is None and keys is None and not dataclasses.is_dataclass(annotation):
        return None
    if callable(getattr(annotation, "get_secret_value", None)):
        return None
    try:
        hints = typing.get_type_hints(annotation, include_extras=keys is None)
    except Exception as error:
        problem = f"invalid type in {annotation.__name__}: {error}"
        raise Unsupported(problem, f"correct the types of {annotation.__name__}") from None
    if keys is not None:
        return {name: _Named(hints[name], is_key=name in keys) for name in hints}
    if known is not None:
        return {
            name: _Named(
                hints[name],
                getattr(one, "description", None) or "",
                None if one.is_required() else False,
            )
            for name, one in known.items()
        }
    return {
        one.name: _Named(hints[one.name], is_key=None if _has_no_default(one) else False)
        for one in dataclasses.fields(annotation)
    }


def _has_no_default(one: dataclasses.Field[Any]) -> bool:
    return one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING


def _kind(annotation: Any) -> Type | None:
    try:
        return types.read(annotation)
    except Unsupported:  # Another class with named fields.
        return None
