"""Where arguments come from: query, form, JSON body, headers and cookies of one call.

webargs asks each place for each declared argument; the places decode themselves on first use,
so a JSON body that no argument needs is never parsed (and never complained about).
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import webargs.core
from marshmallow import fields, missing

from deepaas.messages import Inputs, LongText, Upload
from deepaas.runtime.media import negotiate


class MalformedBody(Exception):
    """The body is not what its content type says. ``fields`` has the messages by place."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__(str(fields))
        self.fields = fields


class FormFile:
    """A file part as the fields of an argument see it while they are loaded.

    Custom fields and validators of existing packages look at these attributes; the model
    itself gets an :class:`~deepaas.model.v2.wrapper.UploadedFile`.

    Attributes:
        name: the argument's name.
        filename: the client's name for the file.
        content_type: the client's media type.
        path: where the bytes lie.
    """

    def __init__(self, name: str, upload: Upload) -> None:
        self.name = name
        self.filename = upload.filename
        self.content_type = upload.content_type
        self.path = upload.path

    @functools.cached_property
    def file(self) -> Any:
        """The content, opened for reading."""
        return open(self.path, "rb")


def _form_value(name: str, value: str | Upload | LongText) -> str | FormFile:
    match value:
        case Upload():
            return FormFile(name, value)
        case LongText(path, charset):
            try:
                return Path(path).read_text(charset)
            except (UnicodeError, LookupError):
                raise MalformedBody({name: [f"Not text in {charset}."]}) from None
        case _:
            return value


class Values:
    """A mapping in which a name may stand several times (webargs' ``getlist`` convention)."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self._values: dict[str, list[Any]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def get(self, name: str, default: Any = None) -> Any:
        """The first value of this name."""
        values = self._values.get(name)
        return values[0] if values else default

    def getlist(self, name: str) -> list[Any]:
        """All values of this name, in order."""
        return self._values[name]


_NOTHING = Values([])


class Places:
    """The decoded places of one call."""

    def __init__(self, inputs: Inputs, media_types: list[str]) -> None:
        self._inputs = inputs
        self.media_types = media_types
        self.headers = inputs.headers
        self.cookies = inputs.cookies

    @functools.cached_property
    def query(self) -> Values:
        """The query string's values."""
        raw = self._inputs.query
        return Values(parse_qsl(raw, keep_blank_values=True)) if raw else _NOTHING

    @functools.cached_property
    def form(self) -> Values:
        """The fields of a form, text as ``str`` and files as ``FormFile``."""
        inputs = self._inputs
        if inputs.form:
            return Values([(name, _form_value(name, value)) for name, value in inputs.form])
        if inputs.body_kind != "form":
            return _NOTHING
        try:
            text = self._body().rstrip().decode(inputs.charset)
            pairs = parse_qsl(text, keep_blank_values=True, encoding=inputs.charset)
        except (UnicodeError, LookupError, ValueError):
            raise MalformedBody({"form": ["Invalid form body."]}) from None
        return Values(pairs)

    @functools.cached_property
    def json(self) -> Any:
        """The JSON body, ``missing`` when there is none."""
        inputs = self._inputs
        if inputs.body_kind != "json":
            return missing
        body = self._body()
        if not body.strip():
            return missing
        try:
            return json.loads(body.decode(inputs.charset))
        except (UnicodeError, LookupError, ValueError, RecursionError):
            raise MalformedBody({"json": ["Invalid JSON body."]}) from None

    def _body(self) -> bytes:
        path = self._inputs.body_path
        return Path(path).read_bytes() if path else self._inputs.body


class Parser(webargs.core.Parser):  # type: ignore[misc]
    """webargs over ``Places``: it decides which place wins, and loads the schema."""

    def parse_querystring(self, req: Places, name: str, field: fields.Field) -> Any:
        return webargs.core.get_value(req.query, name, field)

    def parse_form(self, req: Places, name: str, field: fields.Field) -> Any:
        return webargs.core.get_value(req.form, name, field)

    parse_files = parse_form

    def parse_json(self, req: Places, name: str, field: fields.Field) -> Any:
        value = req.json
        if value is missing:
            return missing
        return webargs.core.get_value(value, name, field, allow_many_nested=True)

    def parse_headers(self, req: Places, name: str, field: fields.Field) -> Any:
        value = webargs.core.get_value(req.headers, name.lower(), field)
        if name == "accept" and req.media_types and isinstance(value, str):
            return negotiate(value, req.media_types)
        return value

    def parse_cookies(self, req: Places, name: str, field: fields.Field) -> Any:
        return webargs.core.get_value(req.cookies, name, field)

    def handle_error(self, error: Exception, *_: Any) -> None:
        """Leave the mapping of a validation error to the caller."""
        raise error
