"""The sources of arguments: query, form, JSON body, headers and cookies of a call.

Each declared argument is looked up in the places where it is allowed. They are decoded on first
use: a JSON body that no argument needs is never parsed, and never rejected.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from marshmallow import Schema, fields, missing

from deepaas.messages import LongText, RawRequest, Upload
from deepaas.runtime.media import negotiate
from deepaas.runtime.old_libraries import get_value, is_multiple


class UnknownLocation(ValueError):
    """An argument is declared with an unknown location."""


class MalformedBody(Exception):
    """The body does not match its media type. ``fields`` has the messages by place, as in DEEPaaS
    2.x; ``where`` is more exact."""

    def __init__(self, fields: dict[str, list[str]], where: str = "") -> None:
        super().__init__(str(fields))
        self.fields = fields
        self.where = where


class FormFile:
    """A file part as fields get it: custom fields of existing packages use these attributes. The
    model itself gets an ``UploadedFile``."""

    def __init__(self, name: str, upload: Upload) -> None:
        self.name = name
        self.filename = upload.filename
        self.content_type = upload.content_type
        self.path = upload.path

    @functools.cached_property
    def file(self) -> Any:
        return open(self.path, "rb")


def _form_value(name: str, value: str | Upload | LongText) -> str | FormFile:
    match value:
        case Upload():
            return FormFile(name, value)
        case LongText(path, charset):
            try:
                return Path(path).read_bytes().decode(charset)
            except (ValueError, LookupError):
                raise MalformedBody({name: [f"Not text in {charset}."]}) from None
        case _:
            return value


class Repeated:
    """A mapping in which names can be repeated."""

    def __init__(self, pairs: Iterable[tuple[str, Any]]) -> None:
        values: dict[str, list[Any]] = {}
        for name, value in pairs:
            if name in values:
                values[name].append(value)
            else:
                values[name] = [value]
        self._values = values

    def get(self, name: str, *, many: bool) -> Any:
        """All values of this name in order, or the first one; ``missing`` if there is none."""
        values = self._values.get(name)
        if values is None:
            return missing
        return values if many else values[0]

    def names(self) -> Collection[str]:
        return self._values.keys()


_NOTHING = Repeated([])


def _query(text: str) -> Repeated:
    if not text:
        return _NOTHING
    if "%" in text or "+" in text:
        return Repeated(parse_qsl(text, keep_blank_values=True))
    # Nothing to decode, as in most queries: four times as fast as the library.
    return Repeated([part.partition("=")[::2] for part in text.split("&") if part])


class RequestPlaces:
    __slots__ = ("_form", "_inputs", "_json", "cookies", "headers", "media_types", "query")

    def __init__(self, inputs: RawRequest, media_types: list[str]) -> None:
        self._inputs = inputs
        self._form: Repeated | None = None
        self._json: Any = None
        self.media_types = media_types
        self.headers = inputs.headers
        self.cookies = inputs.cookies
        self.query = _query(inputs.query)

    @property
    def form(self) -> Repeated:
        if self._form is None:
            self._form = self._read_form()
        return self._form

    @property
    def has_read_json(self) -> bool:
        return self._json is not None

    @property
    def json(self) -> Any:
        """``missing`` if there is none."""
        if self._json is None:
            self._json = self._read_json()
        return self._json

    def _read_form(self) -> Repeated:
        inputs = self._inputs
        if inputs.form:
            return Repeated([(name, _form_value(name, value)) for name, value in inputs.form])
        if inputs.body_kind != "form":
            return _NOTHING
        try:
            text = self.body().rstrip().decode(inputs.charset)
            pairs = parse_qsl(text, keep_blank_values=True, encoding=inputs.charset)
        except (UnicodeError, LookupError, ValueError):
            raise MalformedBody({"form": ["Invalid form body."]}) from None
        return Repeated(pairs)

    def _read_json(self) -> Any:
        inputs = self._inputs
        if inputs.body_kind != "json":
            return missing
        body = self.body()
        try:
            return json.loads(body.decode(inputs.charset))
        except (UnicodeError, LookupError, ValueError, RecursionError) as error:
            where = str(error) if isinstance(error, json.JSONDecodeError) else ""
            raise MalformedBody({"json": ["Invalid JSON body."]}, where) from None

    def body(self) -> bytes:
        path = self._inputs.body_path
        return Path(path).read_bytes() if path else self._inputs.body


Reader = Callable[[RequestPlaces, str, fields.Field, bool], Any]
"""Looks up an argument in one place, all its values if the last is true; or ``missing``."""


def _from_query(places: RequestPlaces, name: str, _field: fields.Field, many: bool) -> Any:
    return places.query.get(name, many=many)


def _from_form(places: RequestPlaces, name: str, _field: fields.Field, many: bool) -> Any:
    return places.form.get(name, many=many)


def _from_json(places: RequestPlaces, name: str, field: fields.Field, _many: bool) -> Any:
    body = places.json
    return missing if body is missing else get_value(body, name, field, allow_many_nested=True)


def _from_headers(places: RequestPlaces, name: str, field: fields.Field, _many: bool) -> Any:
    value = get_value(places.headers, name.lower(), field)
    if name == "accept" and places.media_types and isinstance(value, str):
        return negotiate(value, places.media_types)
    return value


def _from_cookies(places: RequestPlaces, name: str, field: fields.Field, _many: bool) -> Any:
    return get_value(places.cookies, name, field)


_READERS: dict[str, Reader] = {
    "query": _from_query,
    "querystring": _from_query,
    "form": _from_form,
    "files": _from_form,
    "json": _from_json,
    "headers": _from_headers,
    "cookies": _from_cookies,
}

_UNDECLARED = (_from_query, _from_form, _from_json)
"""Where an argument without a location is looked up; the first place that has it counts."""


class Collector:
    """Gathers arguments from their places, like webargs 5. The parser of webargs determines for
    every call which places to try, which took most of the time of small predictions."""

    def __init__(self, schema: Schema) -> None:
        self._plan = [
            (field.data_key or name, field, is_multiple(field), _readers(name, field))
            for name, field in schema.fields.items()
        ]
        self._plan_without_json = [
            (name, field, many, tuple(read for read in readers if read is not _from_json))
            for name, field, many, readers in self._plan
        ]

    def collect(self, places: RequestPlaces, *, json: bool = True) -> dict[str, Any]:
        """The raw values by wire name, with ``json`` also from a JSON body; MalformedBody if a
        needed body cannot be read."""
        found = {}
        for name, field, many, readers in self._plan if json else self._plan_without_json:
            for read in readers:
                value = read(places, name, field, many)
                if value is not missing:
                    found[name] = value
                    break
        return found


def _readers(name: str, field: fields.Field) -> tuple[Reader, ...]:
    place = field.metadata.get("location")
    if not place:
        return _UNDECLARED
    if place not in _READERS:
        raise UnknownLocation(
            f"argument {name!r} has the unknown location {place!r}; use: {', '.join(_READERS)}"
        )
    return (_READERS[place],)


def names_by_place(arguments: Mapping[str, fields.Field]) -> dict[str, set[str]]:
    """The names of arguments (as clients know them) that are looked up in each place."""
    places: dict[Reader, set[str]] = {read: set() for read in _READERS.values()}
    for name, field in arguments.items():
        for read in _readers(name, field):
            places[read].add(name)
    return {place: places[read] for place, read in _READERS.items()}


def may_be_in_body(field: fields.Field) -> bool:
    """Whether an argument is looked up in a JSON body."""
    return field.metadata.get("location") in (None, "", "json")


def takes_whole_body(field: fields.Field) -> bool:
    """Whether its value is the complete JSON body, as in webargs, instead of a member."""
    return isinstance(field, fields.Nested) and field.many
