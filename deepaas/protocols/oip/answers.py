"""Responses in the format of the protocol, including errors."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import hdrs, web

from deepaas.errors import DeepaasError, ModelNotFound
from deepaas.web.errors import Problem

JSON = "application/json"
"""Without a charset, because KServe's client only then reads error messages."""


_ALL_400 = (406, 422)
"""The protocol has no separate statuses for invalid arguments and unavailable outputs."""


class UnknownModel(ModelNotFound):
    """The model, or this version of it, does not exist."""

    def __init__(self, name: str, version: str = "") -> None:
        said = f" and version {version}" if version else ""
        DeepaasError.__init__(self, f"Model with name {name}{said} does not exist.")
        self.name, self.served = name, ()  # The words are the protocol's: no names are added.


def json_answer(body: Any, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, headers={hdrs.CONTENT_TYPE: JSON}
    )


def as_error(problem: Problem) -> web.Response:
    """``{"error": "…"}``; invalid requests have status 400."""
    told = list(_sentences(problem.fields, ())) or [problem.message]
    if problem.reference:
        told.append(f"id {problem.reference}")
    return web.Response(
        body=msgspec.json.encode({"error": "; ".join(told)}),
        status=400 if problem.status in _ALL_400 else problem.status,
        headers={**problem.headers, hdrs.CONTENT_TYPE: JSON},
    )


def _sentences(messages: Any, path: tuple[str, ...]) -> list[str]:
    """One text for each message, prefixed by the argument; ``messages`` may be nested."""
    if isinstance(messages, dict):
        return [
            said
            for name, inner in messages.items()
            for said in _sentences(inner, path if name == "body" else (*path, str(name)))
        ]
    if isinstance(messages, list):
        return [said for inner in messages for said in _sentences(inner, path)]
    if messages is None:
        return []
    return [f"{'.'.join(path)}: {messages}" if path else str(messages)]
