"""Reads annotations of inputs: which values they allow."""

from __future__ import annotations

import enum
import io
import os
import pathlib
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deepaas.messages import TensorDetails
from deepaas.model.v2 import Tensor
from deepaas.tensors.declared import details as declared_of
from deepaas.tensors.declared import schema as tensor_schema
from deepaas.tensors.dtypes import NAMES, BadTensor

Json = dict[str, Any]

_PLAIN: dict[Any, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
_UNNAMED = (Any, object)
_UNIONS = (typing.Union, types.UnionType)
_ARRAYS = (("numpy", "ndarray"), ("torch", "Tensor"))


SUPPORTED = (
    "str, int, float, bool, dict, list[str], Path (a file), Literal['a', 'b'], an Enum, "
    "numpy.ndarray, torch.Tensor, Any, or one of these | None"
)
"""Types of inputs, for messages."""

_INSTEAD = {
    **dict.fromkeys(("bytes", "bytearray", "Image", "DataFrame"), "Path"),
    **dict.fromkeys(("tuple", "set", "frozenset", "Series"), "list[float]"),
    **dict.fromkeys(("float16", "float32", "float64", "Decimal"), "float"),
    **dict.fromkeys(("int8", "int16", "int32", "int64", "uint8"), "int"),
    "Dataset": "Path",
    "complex": "float",
}
"""What to write instead of other types, by their name; ``str`` for all others."""


class Unsupported(Exception):
    """Clients cannot send values for this annotation; the text says why, ``fix`` what to do."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix


class UnsupportedType(Unsupported):
    """A type that no value of a request can have. ``instead`` is a similar one that works."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.instead = _INSTEAD.get(re.split(r"\W", re.sub(r"\[.*", "", name))[-1], "str")
        super().__init__(
            f"clients cannot send values of the type {name}", f"use one of {SUPPORTED}"
        )


@dataclass(frozen=True)
class Type:
    """The type of a value.

    Attributes:
        kind: ``string``, ``integer``, ``number``, ``boolean``, ``file`` (the predictor gets a
            path), ``opened`` (it gets an open file), ``secret``, ``object``, ``any``, ``tensor``,
            ``array`` or ``union``.
        python: the class that the predictor expects, if that matters.
        choices: the only valid values, as clients send them.
        inner: the types of items (``array``, one) or of alternatives (``union``).
        tensor: dtype and shape of a NumPy array or PyTorch tensor (``tensor``).
    """

    kind: str
    nullable: bool = False
    python: Any = None
    choices: tuple[Any, ...] = ()
    inner: tuple[Type, ...] = ()
    tensor: TensorDetails | None = None

    @property
    def is_file(self) -> bool:
        """Whether values are files, single or in a list."""
        return self.is_file_alone or (self.kind == "array" and self.inner[0].is_file)

    @property
    def is_file_alone(self) -> bool:
        return self.kind in ("file", "opened")


def read(annotation: Any) -> Type:
    """Read an annotation. Raises ``Unsupported``."""
    if annotation in _UNNAMED:
        return Type("any")
    origin = typing.get_origin(annotation)
    if (kind := opaque(annotation)) is not None:
        return kind
    if (kind := tensor(annotation)) is not None:
        return kind
    if origin is typing.Annotated:
        return read(typing.get_args(annotation)[0])
    if origin in _UNIONS:
        return _union(typing.get_args(annotation))
    if origin is typing.Literal:
        return _choices(typing.get_args(annotation), None)
    if annotation in (list, Sequence) or origin in (list, Sequence):
        return _array(typing.get_args(annotation))
    if (
        annotation in (dict, Mapping)
        or origin in (dict, Mapping)
        or typing.is_typeddict(annotation)
    ):
        return Type("object")
    if isinstance(annotation, type):
        return _class(annotation)
    raise UnsupportedType(name(annotation))


def opaque(annotation: Any) -> Type | None:
    """Read ``Annotated[..., Opaque]``: an object, or a list, passed on unchanged; else None."""
    if typing.get_origin(annotation) is not typing.Annotated or not any(
        type(extra).__name__ == "_OpaqueMarker" for extra in annotation.__metadata__
    ):
        return None
    wrapped = typing.get_args(annotation)[0]
    members = typing.get_args(wrapped) if typing.get_origin(wrapped) in _UNIONS else (wrapped,)
    told = Type("object")
    if any(list in (one, typing.get_origin(one)) for one in members):
        told = Type("array", inner=(told,))
    return replace(told, nullable=type(None) in members)


def tensor(annotation: Any) -> Type | None:
    """Read a NumPy array or PyTorch tensor without importing either; None for other annotations.
    Raises ``Unsupported`` for an invalid declaration."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        found = tensor(inner[0])
        declared = next((one for one in annotation.__metadata__ if isinstance(one, Tensor)), None)
        if declared is None:
            return found
        if found is None:
            raise Unsupported(
                "Tensor() is only for numpy.ndarray and torch.Tensor",
                "remove Tensor(…), or use one of these types",
            )
        try:
            return replace(found, tensor=declared_of(declared.dtype, declared.shape))
        except BadTensor as error:
            raise Unsupported(str(error), "correct Tensor(…)") from None
    if origin in _UNIONS:
        others = [one for one in inner if one is not type(None)]
        found = tensor(others[0]) if len(others) == 1 else None
        return found and replace(found, nullable=True)
    if not _is_array(annotation):
        return None
    return Type("tensor", python=origin or annotation, tensor=_details(annotation))


def _is_array(annotation: Any) -> bool:
    python = typing.get_origin(annotation) or annotation
    named = (getattr(python, "__module__", ""), getattr(python, "__name__", ""))
    return named in _ARRAYS


def _details(array: Any) -> TensorDetails:
    """Read ``numpy.typing.NDArray[numpy.float32]``, which is ``ndarray[..., dtype[float32]]``."""
    for dtype in typing.get_args(array)[1:]:
        for scalar in typing.get_args(dtype):
            said = getattr(scalar, "__name__", "").rstrip("_")
            if said in NAMES:
                return TensorDetails(said)
    return TensorDetails()


def name(annotation: Any) -> str:
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "")


def schema(kind: Type) -> Json:
    """Return the JSON schema of a type in the terms of OpenAPI 3.0; files are URIs."""
    told: Json
    match kind.kind:
        case "file" | "opened":
            told = {"type": "string", "format": "uri"}
        case "secret":
            told = {"type": "string", "format": "password", "writeOnly": True, "x-cog-secret": True}
        case "any":
            told = {}
        case "tensor":
            assert kind.tensor is not None
            told = tensor_schema(kind.tensor)
        case "array":
            told = {"type": "array", "items": schema(kind.inner[0])}
        case "union":
            members = [replace(one, nullable=kind.nullable) for one in kind.inner]
            told = {"anyOf": [schema(one) for one in members]}
        case plain:
            told = {"type": plain}
    if kind.choices:
        told["enum"] = list(kind.choices)
    if kind.nullable:
        told["nullable"] = True
    return told


def _union(members: tuple[Any, ...]) -> Type:
    nullable = type(None) in members
    kinds = [read(one) for one in members if one is not type(None)]
    if len(kinds) == 1:
        (only,) = kinds
        return replace(only, nullable=nullable or only.nullable)
    if odd := [one for one in kinds if one.kind in ("file", "opened", "secret", "tensor")]:
        raise Unsupported(
            f"a {odd[0].kind} cannot be part of a union", "declare one type, or TYPE | None"
        )
    return Type("union", nullable, inner=tuple(kinds))


def _array(members: tuple[Any, ...]) -> Type:
    inner = read(members[0]) if members else Type("any")
    if inner.kind == "array" and inner.is_file:
        raise Unsupported("files in lists of lists are not supported", "use list[Path]")
    return Type("array", inner=(inner,))


def _class(annotation: type) -> Type:
    if issubclass(annotation, enum.Enum):
        return _choices([member.value for member in annotation], annotation)
    for plain, kind in _PLAIN.items():
        if annotation is plain:
            return Type(kind)
    if issubclass(annotation, os.PathLike):
        return Type("file", python=annotation if _is_concrete(annotation) else pathlib.Path)
    if issubclass(annotation, io.IOBase):
        return Type("opened")
    if callable(getattr(annotation, "get_secret_value", None)):
        return Type("secret", python=annotation)
    raise UnsupportedType(annotation.__name__)


def _is_concrete(path: type) -> bool:
    return issubclass(path, pathlib.PurePath)


def _choices(values: Sequence[Any], python: Any) -> Type:
    kinds = {_PLAIN.get(type(value)) for value in values}
    if kinds not in ({"string"}, {"integer"}):
        raise Unsupported(
            "choices must be all strings or all integers", "for example Literal['a', 'b']"
        )
    return Type(str(kinds.pop()), python=python, choices=tuple(values))
