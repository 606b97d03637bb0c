"""Responses in Cog's format, including rejections."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
from aiohttp import hdrs, web

from deepaas.web import bounded
from deepaas.web.document import Document
from deepaas.web.errors import NOTICE, Problem, RaisedAnswer

AT_CAPACITY = "At capacity - all prediction slots busy"
NOT_READY = (
    "Setup has not finished yet. Wait until it has finished, or GET /health-check for status."
)

_JSON = "application/json"


class Refusal(RaisedAnswer):
    """A rejected request; the body is text, or a JSON value."""

    def __init__(self, status: int, body: Any, notice: str = "") -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body
        self.notice = notice

    def response(self) -> web.Response:
        if isinstance(self.body, str):
            return web.Response(text=self.body, status=self.status)
        return json_answer(self.body, self.status, self.notice)


def json_answer(body: Any, status: int = 200, notice: str = "") -> web.Response:
    """A JSON response; bytes are JSON already."""
    encoded = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return web.Response(body=encoded, status=status, headers=_headers(notice))


def _headers(notice: str) -> dict[str, str]:
    return {hdrs.CONTENT_TYPE: _JSON, **({NOTICE: notice} if notice else {})}


async def send_document(
    request: web.Request, document: Document, status: int = 200, notice: str = ""
) -> web.StreamResponse:
    """Respond with JSON of any length: it is read while it is sent."""
    if document.is_small:
        return json_answer(document.whole(), status, notice)
    response = web.StreamResponse(status=status, headers=_headers(notice))
    response.content_length = document.size_bytes
    await response.prepare(request)
    # Closed here, because the garbage collector would keep its file open until it runs.
    with contextlib.closing(document.pieces()) as pieces, contextlib.suppress(ConnectionError):
        if request.method != hdrs.METH_HEAD:
            for piece in pieces:
                await bounded.send(request, response, piece)
        await response.write_eof()
    return response


def failed(message: str, status: int) -> Refusal:
    """A prediction that was not started."""
    return Refusal(status, {"error": message, "status": "failed"})


def as_error(problem: Problem) -> web.Response:
    message = problem.message
    if problem.reference:
        message += f" (id {problem.reference})"
    return web.Response(
        body=msgspec.json.encode({"error": message, "status": "failed"}),
        status=problem.status,
        headers={**problem.headers, hdrs.CONTENT_TYPE: _JSON},
    )
