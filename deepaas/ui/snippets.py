""" "Use via API": writes a call as a curl command and as Python code."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from deepaas.client.answers import extension
from deepaas.client.calls import ClientCall, FileToSend, predict_call, train_call
from deepaas.client.description import JSON, Argument, Model
from deepaas.curl import LocalFile
from deepaas.curl import curl as write

SECRET = "YOUR_SECRET"

_TAKEN = ("self", "model", "accept", "save_to", "arguments")
"""Names of parameters of the client."""


@dataclass(frozen=True)
class Snippets:
    """One call for a shell, for Python with requests, and with :mod:`deepaas.client`."""

    curl: str
    python: str
    client: str


def of_prediction(model: Model, url: str, values: Mapping[str, Any], media_type: str) -> Snippets:
    """Write a prediction; the values are as for :func:`deepaas.client.calls.predict_call`."""
    if media_type not in model.media_types:  # A program may send anything.
        media_type = model.media_types[0]
    values = masked(model.predict or (), values)
    call = predict_call(model, values, media_type)
    text = media_type == JSON or media_type.startswith("text/")
    save_as = None if text else f"answer{extension(media_type)}"
    options = {"accept": media_type} if model.accept is not None else {}
    if save_as:
        options["save_to"] = save_as
    lines = [
        f"with Client({url!r}) as client:",
        *_indented(f"answer = client.predict({model.name!r}", _keywords(values) | options, ")"),
        "print(answer)",
    ]
    return Snippets(curl(url, call, save_as), python(url, call, save_as), _client(values, lines))


def of_training(model: Model, url: str, values: Mapping[str, Any]) -> Snippets:
    values = masked(model.train or (), values)
    call = train_call(model, values)
    lines = [
        f"with Client({url!r}) as client:",
        *_indented(f"training = client.train({model.name!r}", _keywords(values), ")"),
        "    for training in training.watch():",
        "        print(training.state, training.progress)",
        "print(training.result)",
    ]
    return Snippets(curl(url, call), python(url, call), _client(values, lines))


def masked(arguments: Iterable[Argument], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values without passwords."""
    secrets = {argument.name for argument in arguments if argument.kind == "password"}
    return {name: SECRET if name in secrets else value for name, value in values.items()}


def curl(url: str, call: ClientCall, save_as: str | None = None) -> str:
    """Write the call for a shell; ``save_as`` is a file for the result, None to print it."""
    query = f"?{urlencode(call.query, quote_via=quote)}" if call.query else ""
    return write(
        f"{url}{call.path}{query}",
        headers=call.headers,
        cookies=call.cookies,
        body=call.body,
        form=[
            (
                name,
                LocalFile(value.name, value.media_type) if isinstance(value, FileToSend) else value,
            )
            for name, value in call.form
        ],
        save_as=save_as,
    )


def python(url: str, call: ClientCall, save_as: str | None = None) -> str:
    """Write the call for Python with requests."""
    arguments = [repr(f"{url}{call.path}")]
    if call.query:
        arguments.append(f"params={_pairs(call.query)}")
    if call.headers:
        arguments.append(f"headers={call.headers!r}")
    if call.cookies:
        arguments.append(f"cookies={call.cookies!r}")
    if call.body is not None:
        arguments.append(f"json={call.body!r}")
    texts = [(name, value) for name, value in call.form if isinstance(value, str)]
    if texts:
        arguments.append(f"data={_pairs(texts)}")
    files = [
        f"({name!r}, ({value.name!r}, open({value.name!r}, 'rb'), {value.media_type!r}))"
        for name, value in call.form
        if isinstance(value, FileToSend)
    ]
    if files:
        arguments.append(f"files=[{', '.join(files)}]")
    lines = ["import requests", "", "response = requests.post("]
    lines += [f"    {argument}," for argument in arguments]
    lines += [")", "response.raise_for_status()"]
    if save_as:
        lines += [f"with open({save_as!r}, 'wb') as file:", "    file.write(response.content)"]
    else:
        json_asked = "json" in call.headers.get("Accept", "json")
        lines.append(f"print(response.{'json()' if json_asked else 'text'})")
    return "\n".join(lines)


def _pairs(pairs: list[tuple[str, str]]) -> str:
    names = [name for name, _ in pairs]
    return repr(dict(pairs) if len(set(names)) == len(names) else pairs)


def _client(values: Mapping[str, Any], lines: Sequence[str]) -> str:
    files = [
        one for value in values.values() for one in _listed(value) if isinstance(one, FileToSend)
    ]
    imports = ["from pathlib import Path", ""] if files else []
    return "\n".join([*imports, "from deepaas.client import Client", "", *lines])


def _indented(start: str, keywords: Mapping[str, Any], end: str) -> list[str]:
    """Write a call with one argument per line, in a block."""
    if not keywords:
        return [f"    {start}{end}"]
    opening, bracket, first = start.partition("(")
    given = [first, *(f"{name}={_literal(value)}" for name, value in keywords.items())]
    return [f"    {opening}{bracket}", *(f"        {one}," for one in given), f"    {end}"]


def _keywords(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as keywords, except for those with invalid names."""
    able = {name: value for name, value in values.items() if _is_keyword(name)}
    others = {name: value for name, value in values.items() if name not in able}
    return able | ({"arguments": others} if others else {})


def _is_keyword(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name not in _TAKEN


def _literal(value: Any) -> str:
    if isinstance(value, FileToSend):
        return f"Path({value.name!r})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_literal(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
