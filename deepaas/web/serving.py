"""Counts requests, and turns exceptions into responses."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from deepaas.web.errors import BEGUN, break_off, respond_to_exception
from deepaas.web.health import Drain


def serving(drain: Drain) -> Middleware:
    """The outermost middleware, and the only coroutine among them, because each costs time.

    It also closes the connection if the host is stopping, or if the body has not been read.
    """

    @web.middleware
    async def serve(request: web.Request, handler: Handler) -> web.StreamResponse:
        drain.begin_request()
        try:
            response = await handler(request)
        except Exception as error:
            answer = break_off if BEGUN in request else respond_to_exception
            response = answer(request, error)
        else:
            if not isinstance(response, web.StreamResponse):
                mistake = TypeError(f"{request.path}: the handler returned {type(response)}")
                response = respond_to_exception(request, mistake)
            elif response.prepared and response.content_length and not response.body_length:
                # The handler returned early: the next response must not be taken for the rest.
                response.force_close()
        finally:
            drain.end_request()
        if drain.began or not request.content.is_eof():
            response.force_close()
        return response

    return serve
