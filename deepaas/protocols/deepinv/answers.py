"""Errors in the shape of this door: the client shows the text of the body as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from aiohttp import hdrs, web

from deepaas.web.errors import Problem

JSON = "application/json; charset=utf-8"


def as_error(problem: Problem) -> web.Response:
    """``{"error": "…", "code": "…", "id": "…"}``; internal errors have an ``id``."""
    told = "; ".join(_sentences(problem.fields, ())) or problem.message
    body: dict[str, Any] = {"error": told}
    if problem.error:
        body["code"] = problem.error
    if problem.reference:
        body["id"] = problem.reference
    return web.Response(
        body=msgspec.json.encode(body),
        status=problem.status,
        headers={**problem.headers, hdrs.CONTENT_TYPE: JSON},
    )


def _sentences(messages: Any, path: tuple[str, ...]) -> Iterator[str]:
    """One for each message, after the name of its argument; ``messages`` may be nested."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            yield from _sentences(inner, path if name == "body" else (*path, str(name)))
    elif isinstance(messages, list):
        for inner in messages:
            yield from _sentences(inner, path)
    elif messages is not None:
        yield f"{'.'.join(path)}: {messages}" if path else str(messages)
