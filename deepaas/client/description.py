"""Reads the descriptions of models from ``/swagger.json`` and ``/v2/models/``.

Hides the small differences between the documents of DEEPaaS 2.x and of this host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from deepaas.client.notebook import model_html

Json = Mapping[str, Any]

JSON = "application/json"
ANYTHING = "*/*"
NPY, NPZ = "application/x-npy", "application/x-npz"
"""NumPy's formats for one array, and for several named arrays."""

MEDIA = ("image", "audio", "video")
NO_PARSE = "#noparse"
ENVELOPE = {"status", "predictions"}
"""The envelope of results without declared fields."""

_MODEL_PATH = re.compile(r"/v2/models/([^/{}]+)/(?:predict/|train/)?$")
_PLACEHOLDER = "Could not load description from underlying model"


@dataclass(frozen=True)
class TensorForm:
    """The declaration of a tensor: its ``dtype``, empty for any, and its shape, in which -1 is any
    size, or None for any shape."""

    dtype: str = ""
    shape: tuple[int, ...] | None = None

    def __str__(self) -> str:
        dtype = self.dtype or "any dtype"
        return dtype if self.shape is None else f"{dtype} of shape {list(self.shape)}"


@dataclass(frozen=True)
class Argument:
    """One input of a model.

    Attributes:
        kind: "file", "tensor", "string", "password", "integer", "number", "boolean", "date",
            "datetime", "object", "array", or "any" if unknown.
        default: the value that the host uses if none is given; None if unknown.
        choices: the allowed values; empty for any.
        many: whether it is a list of files or of choices; any other list is of the kind "array".
        place: its place in a request: "query", "formData", "header", "body", "cookie".
        tensor: the declaration, for the kind "tensor".
    """

    name: str
    kind: str
    description: str = ""
    required: bool = False
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    many: bool = False
    place: str = "query"
    tensor: TensorForm | None = None

    @property
    def media(self) -> str | None:
        """Which medium a file of this argument is, None for any file."""
        if self.kind != "file":
            return None
        words = self.description.lower()
        if NO_PARSE in words or any(one in words for one in MEDIA):
            return medium(self.description)
        return medium_of_name(self.name)


@dataclass(frozen=True)
class OutputField:
    """One field of a JSON result; ``many`` for an array of strings, which may be media."""

    name: str
    kind: str
    description: str = ""
    many: bool = False

    @property
    def media(self) -> str | None:
        """The medium that is encoded as base64, None for plain text."""
        return medium(self.description) if self.kind == "string" or self.many else None


@dataclass(frozen=True, repr=False)
class Model:
    """One model of a host.

    Attributes:
        predict: its arguments except ``accept``, None for a model without ``predict``.
        train: its arguments, None for a model without ``train``.
        accept: the argument that chooses the media type of the result, if any.
        response: the fields of a JSON result, None if not declared.
        streams: whether it yields its result in parts.
        tensors: the tensors in its result by name; an unnamed one is the complete result.
        metadata: the complete metadata from the host.
    """

    name: str
    title: str
    description: str = ""
    author: str = ""
    license: str = ""
    version: str = ""
    links: tuple[tuple[str, str], ...] = ()
    predict: tuple[Argument, ...] | None = None
    train: tuple[Argument, ...] | None = None
    accept: Argument | None = None
    media_types: tuple[str, ...] = (JSON,)
    response: tuple[OutputField, ...] | None = None
    streams: bool = False
    tensors: Mapping[str, TensorForm] = field(default_factory=dict)
    metadata: Json = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        """In a line: all of it may be pages."""
        functions = (("predict", self.predict), ("train", self.train))
        told = [
            f"{name}({', '.join(argument.name for argument in arguments)})"
            for name, arguments in functions
            if arguments is not None
        ]
        return f"<{' '.join(['Model', self.name, self.version]).rstrip()}: {', '.join(told)}>"

    def _repr_html_(self) -> str:
        return model_html(self)


def read_models(document: Json, metadata: Json | None = None) -> list[Model]:
    """All models of a host, in order, from ``/swagger.json`` and ``/v2/models/``."""
    described = dict(_by_name(metadata or {}))
    paths: dict[str, dict[str, Json]] = {}
    for path, operations in document.get("paths", {}).items():
        if found := _MODEL_PATH.search(path):
            tail = path[found.end(1) + 1 :].rstrip("/")
            paths.setdefault(unquote(found[1]), {})[tail] = operations.get("post", {})
    return [
        _model(name, operations, described.get(name, {}), document.get("definitions", {}))
        for name, operations in paths.items()
    ]


def medium(description: str) -> str | None:
    """The only medium that a description mentions: "image", "audio" or "video"."""
    words = description.lower()
    named = [word for word in MEDIA if word in words]
    return named[0] if len(named) == 1 and NO_PARSE not in words else None


def medium_of_name(name: str) -> str | None:
    """The one medium that the name of a file speaks of, such as ``input_image`` or ``Photo2``."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    named = {kind for kind, names in _NAMES.items() if not names.isdisjoint(words)}
    return named.pop() if len(named) == 1 else None


_NAMES = {
    "image": {"image", "images", "img", "picture", "pictures", "photo", "photos"},
    "audio": {"audio", "sound", "speech", "recording"},
    "video": {"video", "videos", "film", "movie"},
}


def _by_name(metadata: Json) -> Iterator[tuple[str, Json]]:
    """Metadata by the name in the path, because the author's `name` may differ."""
    for entry in metadata.get("models", []):
        # An author's `links` override the host's.
        links = entry.get("links")
        told = [one for one in links if isinstance(one, Mapping)] if isinstance(links, list) else []
        own = next((str(one.get("href", "")) for one in told if one.get("rel") == "self"), "")
        path = urlsplit(own).path.rstrip("/")
        named = entry.get("id") or entry.get("name", "")
        yield unquote(path.rpartition("/")[2]) or str(named), entry


def _model(name: str, operations: Json, metadata: Json, definitions: Json) -> Model:
    predict = operations.get("predict", {})
    arguments = _arguments(predict, definitions)
    train = _arguments(operations.get("train", {}), definitions)
    accept = next((argument for argument in arguments if argument.name == "accept"), None)
    description = _text(metadata.get("description")) or _text(metadata.get("summary"))
    return Model(
        name=name,
        title=_text(metadata.get("title")) or _text(metadata.get("name")) or name,
        description="" if description.startswith(_PLACEHOLDER) else description,
        author=_text(metadata.get("author")),
        license=_text(metadata.get("license")),
        version=_text(metadata.get("version")),
        links=tuple(_links(metadata)),
        predict=tuple(a for a in arguments if a is not accept) if _exists(predict, True) else None,
        # Documents of DEEPaaS 2.x have an empty operation if there is no `train`.
        train=train if _exists(operations.get("train", {}), bool(train)) else None,
        accept=accept,
        media_types=_media_types(accept, predict.get("produces", [])),
        response=_response(predict, definitions),
        streams=bool(predict.get("x-streams")),
        tensors={
            str(name): _tensor_form(told) for name, told in predict.get("x-tensors", {}).items()
        },
        metadata=metadata,
    )


def _exists(operation: Json, otherwise: bool) -> bool:
    return bool(operation) and bool(operation.get("x-implemented", otherwise))


def _arguments(operation: Json, definitions: Json) -> tuple[Argument, ...]:
    found: list[Argument] = []
    for parameter in operation.get("parameters", []):
        if "schema" in parameter:
            schema = _resolve(parameter["schema"], definitions)
            if schema.get("type", "object") == "object" and "properties" in schema:
                required = schema.get("required", [])
                found += [
                    _argument({"name": name, "required": name in required} | value, definitions)
                    for name, value in schema["properties"].items()
                ]
                continue
            parameter = dict(schema) | dict(parameter)
        found.append(_argument(parameter, definitions))
    return tuple(found)


def _argument(parameter: Json, definitions: Json) -> Argument:
    schema = {**_resolve(parameter, definitions), **parameter}
    items = _resolve(schema.get("items", {}), definitions)
    # A list of files may be described as a file with items.
    many = schema.get("type") in ("array", "file") and (
        items.get("type") == "file" or bool(items.get("enum"))
    )
    value = items if many else schema
    return Argument(
        name=str(parameter["name"]),
        kind=_kind(value),
        description=_text(parameter.get("description")),
        required=bool(parameter.get("required")),
        default=parameter.get("default"),
        minimum=_limit(value, "minimum"),
        maximum=_limit(value, "maximum"),
        choices=_choices(value.get("enum")),
        many=many,
        place=parameter.get("in", "body"),
        tensor=_tensor_form(value["x-tensor"]) if "x-tensor" in value else None,
    )


def _tensor_form(told: Json) -> TensorForm:
    shape = told.get("shape")
    return TensorForm(str(told.get("dtype") or ""), None if shape is None else tuple(shape))


def _choices(enum: Any) -> tuple[Any, ...]:
    """The choices; authors sometimes write a single value instead of a list."""
    listed = enum if isinstance(enum, (list, tuple)) else [enum]
    return tuple(choice for choice in listed if choice is not None)


def _kind(schema: Json) -> str:
    if "x-tensor" in schema:
        return "tensor"
    kind = schema.get("type")
    if isinstance(kind, list):  # OpenAPI 3.1: ["string", "null"]
        kind = next((k for k in kind if k != "null"), None)
    if kind is None:
        return "object" if "$ref" in schema or "properties" in schema else "any"
    if kind == "string":
        formats = {"password": "password", "date": "date", "date-time": "datetime"}
        return formats.get(schema.get("format", ""), "string")
    return str(kind)


def _limit(schema: Json, name: str) -> float | None:
    value = schema.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _media_types(accept: Argument | None, produces: list[str]) -> tuple[str, ...]:
    if accept is None:
        # Without a choice for clients, this means that the model returns files.
        return (ANYTHING,) if ANYTHING in produces else (JSON, *_array_types(produces))
    offered = dict.fromkeys(accept.choices or produces)
    return tuple(str(one) for one in offered if one != ANYTHING) or (JSON,)


def _array_types(produces: list[str]) -> list[str]:
    return [one for one in (NPY, NPZ) if one in produces]


def _response(operation: Json, definitions: Json) -> tuple[OutputField, ...] | None:
    answer = operation.get("responses", {}).get("200", {}).get("schema", {})
    # The name that both hosts use for undeclared results.
    if answer.get("$ref") == "#/definitions/Prediction":
        return None
    properties = _resolve(answer, definitions).get("properties")
    if not properties or set(properties) == ENVELOPE:
        return None
    return tuple(_output(name, value, definitions) for name, value in properties.items())


def _output(name: str, schema: Json, definitions: Json) -> OutputField:
    merged = {**_resolve(schema, definitions), **schema}
    kind = _kind(merged)
    texts = kind == "array" and _resolve(merged.get("items", {}), definitions).get("type")
    return OutputField(name, kind, _text(schema.get("description")), many=texts == "string")


def _resolve(schema: Json, definitions: Json) -> Json:
    parts = [schema, *schema.get("allOf", [])]
    resolved: dict[str, Any] = {}
    for part in parts:
        name = part.get("$ref", "").rpartition("/")[2]
        resolved |= definitions.get(name, {}) if name else part
    return resolved


def _links(metadata: Json) -> Iterator[tuple[str, str]]:
    for name, value in metadata.items():
        values = value.items() if isinstance(value, dict) else [(name, value)]
        for title, address in values:
            # URLs are from the author, so only these schemes are allowed.
            if isinstance(address, str) and re.match(r"https?://[^\s<>\"']+$", address):
                yield str(title), address


def _text(value: object) -> str:
    """Authors write a string, a list, or a dict."""
    if isinstance(value, Mapping):
        return ", ".join(_text(item) for item in value.values())
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return "" if value is None else str(value)
