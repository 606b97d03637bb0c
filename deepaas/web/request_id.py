"""The id of each request, by which its client, proxies and the log name it: ``X-Request-ID``."""

from __future__ import annotations

import functools
import random
import re
import weakref
from collections.abc import Awaitable, Callable

from aiohttp import web
from multidict import istr

from deepaas.request_context import CURRENT, RequestContext, RequestDetails

REQUEST_ID = istr("X-Request-ID")

_CONTEXT = "deepaas_request"

_SAFE = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")
"""Ids of clients: they are written to logs and sent to others."""

BaseHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


Details = Callable[[web.BaseRequest], RequestDetails]


def request_id(request: web.BaseRequest) -> str:
    return context_of(request).id


def context_of(request: web.BaseRequest) -> RequestContext:
    """It is made here for requests that no handler sees, since they are not valid HTTP."""
    found = request.get(_CONTEXT)
    return _begin(request, _only_id) if found is None else found


def new_id() -> str:
    """Not a secret, so it need not ask the system, which costs more than all the rest."""
    return f"{random.getrandbits(128):032x}"


def identified(handler: BaseHandler, details: Details) -> BaseHandler:
    """Outside of all middlewares, so that every response and every line has an id.

    ``details`` finds what lines of the log tell about a request.
    """

    def handle(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        # Set for each: one task works on all requests of a connection.
        CURRENT.set(_begin(request, details))
        return handler(request)

    return handle


def _begin(request: web.BaseRequest, details: Details) -> RequestContext:
    look = functools.partial(_look, weakref.ref(request), details)
    context = request[_CONTEXT] = RequestContext(_told(request) or new_id(), look)
    return context


def _look(asked: weakref.ref[web.BaseRequest], details: Details) -> RequestDetails | None:
    request = asked()
    return None if request is None else details(request)


def _only_id(request: web.BaseRequest) -> RequestDetails:
    return RequestDetails(request_id(request))


def _told(request: web.BaseRequest) -> str:
    told = request.headers.get(REQUEST_ID)
    if told is None or _SAFE.fullmatch(told) is None or len(request.headers.getall(REQUEST_ID)) > 1:
        return ""
    return told
