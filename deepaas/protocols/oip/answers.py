"""Answers in the shapes of the protocol, those that refuse included."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import hdrs, web

from deepaas.errors import DeepaasError, ModelNotFound
from deepaas.web.errors import Problem

JSON = "application/json"
"""Without a charset: KServe's client reads what is wrong only then."""


_ALL_400 = (406, 422)
"""The protocol does not tell arguments that do not fit, or outputs that cannot be had, apart."""


class UnknownModel(ModelNotFound):
    """No model of this name is served; or not in this version."""

    def __init__(self, name: str, version: str = "") -> None:
        said = f" and version {version}" if version else ""
        DeepaasError.__init__(self, f"Model with name {name}{said} does not exist.")


def json_answer(body: Any, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, headers={hdrs.CONTENT_TYPE: JSON}
    )


def as_error(problem: Problem) -> web.Response:
    """``{"error": "…"}``; whatever is wrong with a request is 400."""
    told = list(_sentences(problem.fields, ())) or [problem.message]
    if problem.reference:
        told.append(f"id {problem.reference}")
    return web.Response(
        body=msgspec.json.encode({"error": "; ".join(told)}),
        status=400 if problem.status in _ALL_400 else problem.status,
        headers={**problem.headers, hdrs.CONTENT_TYPE: JSON},
    )


def _sentences(messages: Any, path: tuple[str, ...]) -> list[str]:
    """What is wrong with which argument, from messages by name, which may be nested."""
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
