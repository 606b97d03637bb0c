"""``Expect: 100-continue``: the body of a request is invited when its handler wants to read it.

aiohttp would invite it before anything is checked: then clients send gigabytes for which they have
no key, or that are too large. With this, who is refused has sent nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import hdrs, web
from aiohttp.helpers import BaseTimerContext
from aiohttp.http import HttpVersion11
from multidict import CIMultiDict, CIMultiDictProxy

from deepaas.web.errors import ErrorShapes, Shape, problem_of_http
from deepaas.web.request_id import REQUEST_ID, request_id

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

BaseHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def expecting(handler: BaseHandler, shapes: ErrorShapes) -> BaseHandler:
    """Around the application: invites bodies late, and rejects unknown values of ``Expect``."""

    def handle(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        wanted = request.headers.get(hdrs.EXPECT)
        # Ignored for HTTP/1.0 (RFC 9110, section 10.1.1).
        if not wanted or request.version < HttpVersion11:
            return handler(request)
        if wanted.lower() != "100-continue":
            return _refuse(request, shapes.below(request.path))
        _invite_later(request)
        return handler(request)

    return handle


def _invite_later(request: Any) -> None:
    """``request`` is typed as any: aiohttp has no public place for this."""
    headers = CIMultiDict(request.headers)
    del headers[hdrs.EXPECT]  # aiohttp's application answers it.
    request._headers = CIMultiDictProxy(headers)
    request._cache.pop("headers", None)
    if not request.content.is_eof():
        request.content._timer = _Invitation(request)


class _Invitation(BaseTimerContext):
    """aiohttp enters the timer of a body whenever somebody has to wait for more of it."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request: web.BaseRequest | None = request

    def __enter__(self) -> BaseTimerContext:
        request, self._request = self._request, None
        # What is read after the response has begun is discarded.
        if request is not None and not request.writer.output_size:
            transport = request.transport
            if transport is not None:
                transport.write(CONTINUE)
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to stop."""

    def assert_timeout(self) -> None:
        """It has no end."""


async def _refuse(request: web.BaseRequest, shape: Shape) -> web.StreamResponse:
    response = shape(problem_of_http(web.HTTPExpectationFailed()))
    response.headers[REQUEST_ID] = request_id(request)
    response.force_close()  # The body may follow or not.
    return response
