"""Requests to the host as data: they are sent, or shown under "Use via API"."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from deepaas.client.description import ANYTHING, JSON, Argument, Model
from deepaas.client.errors import InvalidArguments

MAX_QUERY_CHARACTERS = 4000
"""Servers reject request lines of more than about 8,000; longer text is sent in a form."""


@dataclass(frozen=True)
class FileToSend:
    """A file in a form; an open file can be read again from its current position."""

    content: Path | bytes | BinaryIO
    name: str

    @property
    def media_type(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@dataclass
class ClientCall:
    """One request.

    Attributes:
        path: relative to the host's URL, percent-encoded.
        body: arguments in a JSON body, instead of a form.
    """

    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    form: list[tuple[str, str | FileToSend]] = field(default_factory=list)
    body: dict[str, Any] | None = None

    @property
    def files(self) -> bool:
        return any(isinstance(value, FileToSend) for _, value in self.form)


def predict_call(
    model: Model, values: Mapping[str, Any], media_type: str | None = None
) -> ClientCall:
    """The request for a prediction; InvalidArguments if a form does not support a value."""
    call = ClientCall(f"/v2/models/{quote(model.name, safe='')}/predict/")
    _fill(call, model.predict or (), values)
    if model.accept is not None:
        chosen = media_type or model.media_types[0]
        if model.accept.place != "header":
            _place(call, model.accept, chosen)
        call.headers["Accept"] = chosen
    elif media_type in (None, JSON, ANYTHING):
        call.headers["Accept"] = f"{JSON}, {ANYTHING};q=0.5"
    else:
        call.headers["Accept"] = str(media_type)
    return call


def train_call(model: Model, values: Mapping[str, Any]) -> ClientCall:
    """The request for a training run; InvalidArguments if a form does not support a value."""
    call = ClientCall(f"/v2/models/{quote(model.name, safe='')}/train/")
    _fill(call, model.train or (), values)
    return call


def _fill(call: ClientCall, arguments: Iterable[Argument], values: Mapping[str, Any]) -> None:
    given = [(argument, values[argument.name]) for argument in arguments if argument.name in values]
    files = any(_is_file(value) for _, value in given)
    if files:
        _refuse_empty_lists(given)
    # Nested values and empty lists require a JSON body.
    nested = not files and any(_is_whole(argument, value) for argument, value in given)
    for argument, value in given:
        if not _is_file(value) and argument.place in ("query", "body", "formData"):
            if argument.place == "body" or (nested and _is_whole(argument, value)):
                call.body = {**(call.body or {}), argument.name: value}
                continue
            if nested and argument.place == "formData":
                call.body = {**(call.body or {}), argument.name: value}
                continue
        _place(call, argument, value)
    _shorten(call)


def _refuse_empty_lists(given: Iterable[tuple[Argument, Any]]) -> None:
    wrong = "an empty list cannot be sent together with a file: omit it to use the default"
    fields = {
        argument.name: [wrong]
        for argument, value in given
        if value == [] and argument.kind not in ("file", "tensor")
    }
    if fields:
        raise InvalidArguments(f"{', '.join(fields)}: {wrong}", fields=fields)


def _place(call: ClientCall, argument: Argument, value: Any) -> None:
    for one in value if isinstance(value, list) and not _is_whole(argument, value) else [value]:
        if isinstance(one, FileToSend):
            call.form.append((argument.name, one))
        elif argument.place == "header":
            call.headers[argument.name] = as_text(one)
        elif argument.place == "cookie":
            call.cookies[argument.name] = as_text(one)
        elif argument.place == "formData":
            call.form.append((argument.name, as_text(one)))
        else:
            call.query.append((argument.name, as_text(one)))


def _shorten(call: ClientCall) -> None:
    """Move text that is too long for a URL to the body, where hosts look too."""
    if sum(len(quote(value)) for _, value in call.query) <= MAX_QUERY_CHARACTERS:
        return
    for name, value in list(call.query):
        if len(value) * 4 > MAX_QUERY_CHARACTERS:
            call.query.remove((name, value))
            if call.body is not None:
                call.body[name] = value
            else:
                call.form.append((name, value))


def _is_file(value: Any) -> bool:
    return any(
        isinstance(one, FileToSend) for one in (value if isinstance(value, list) else [value])
    )


def _is_whole(argument: Argument, value: Any) -> bool:
    """Whether a value is sent as one value, not as several."""
    if argument.kind == "tensor":
        return not _is_file(value)
    return _is_nested(value)


def _is_nested(value: Any) -> bool:
    if isinstance(value, list):
        return not value or any(isinstance(item, dict | list) for item in value)
    return isinstance(value, dict)


def as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)
