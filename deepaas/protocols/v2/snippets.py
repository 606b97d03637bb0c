"""The shortest useful call of a model, as a curl command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from deepaas.curl import LocalFile, curl
from deepaas.web import guesses

Parameter = Mapping[str, Any]


def prediction(url: str, path: str, parameters: Sequence[Parameter]) -> str:
    """A prediction with the required arguments. If there are none, with the first file, unless
    other arguments have defaults: then the model has inputs without it."""
    chosen = [p for p in parameters if p.get("required") is True or p["in"] == "body"]
    if not chosen and not any(_has_default(p) for p in parameters):
        chosen = [p for p in parameters if _is_file(p)][:1]
    query: list[tuple[str, str]] = []
    form: list[tuple[str, str | LocalFile]] = []
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}
    for parameter in chosen:
        name, place = str(parameter["name"]), parameter["in"]
        if place == "body":
            body.update(guesses.required(parameter.get("schema", {})))
        elif _is_file(parameter):
            form.append((name, LocalFile("path/to/file")))
        elif "$ref" in parameter or parameter.get("type") == "object":
            body[name] = guesses.value(parameter)
        elif place == "query":
            query += [(name, text) for text in _texts(parameter)]
        elif place == "formData":
            form += [(name, text) for text in _texts(parameter)]
        elif place == "header" and name.lower() != "accept":
            headers[name] = ", ".join(_texts(parameter))
    asked = f"?{urlencode(query)}" if query else ""
    # Percent-encoded, so that it contains no quotes.
    full = quote(f"{url}{path}", safe=":/[]%") + asked
    return curl(full, headers=headers, body=body if body and not form else None, form=form)


def _has_default(parameter: Parameter) -> bool:
    is_choice = str(parameter["name"]).lower() == "accept"
    return parameter.get("default") is not None and not is_choice and not _is_file(parameter)


def _is_file(parameter: Parameter) -> bool:
    items = parameter.get("items")
    return parameter.get("type") == "file" or (
        isinstance(items, Mapping) and items.get("type") == "file"
    )


def _texts(parameter: Parameter) -> list[str]:
    value = guesses.value(parameter)
    values = value if isinstance(value, list) else [value]
    return [v if isinstance(v, str) else json.dumps(v) for v in values]
