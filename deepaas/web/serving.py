"""Counts requests, and turns exceptions into responses."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from deepaas.errors import ModelNotFound
from deepaas.near_names import near
from deepaas.web.access import readable
from deepaas.web.errors import BEGUN, break_off, respond_to_exception
from deepaas.web.health import Drain

NAMED_COUNT = 5
"""So many models are named. A host may have hundreds."""


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
            if isinstance(error, ModelNotFound):
                name_others(request, error)
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


def name_others(request: web.Request, error: ModelNotFound) -> None:
    """Add which models are served, of those that the client may know."""
    names = [model.name for model in readable(request, error.served)]
    alike = near(error.name, names)
    if alike is not None:
        error.message += f". Did you mean {alike}?"
    elif names:
        more = f" and {len(names) - NAMED_COUNT} more" if len(names) > NAMED_COUNT else ""
        error.message += f"; served here: {', '.join(names[:NAMED_COUNT])}{more}"
