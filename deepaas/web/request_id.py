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
from deepaas.web.facts import FACTS

REQUEST_ID = istr("X-Request-ID")

_CONTEXT = "deepaas_request"

_SAFE = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")
"""Ids of clients: they are written to logs and sent to others."""

BaseHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def request_id(request: web.BaseRequest) -> str:
    return context_of(request).id


def context_of(request: web.BaseRequest) -> RequestContext:
    found = request.get(_CONTEXT)
    if found is None:
        look = functools.partial(_details, weakref.ref(request))
        found = request[_CONTEXT] = RequestContext(_told(request) or new_id(), look)
    context: RequestContext = found
    return context


def new_id() -> str:
    """Not a secret, so it need not ask the system, which costs more than all the rest."""
    return f"{random.getrandbits(128):032x}"


def identified(handler: BaseHandler) -> BaseHandler:
    """Outside of all middlewares, so that every response and every line has an id."""

    def handle(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        # Set for each: one task works on all requests of a connection.
        CURRENT.set(context_of(request))
        return handler(request)

    return handle


def _told(request: web.BaseRequest) -> str:
    told = request.headers.get(REQUEST_ID)
    if told is None or _SAFE.fullmatch(told) is None or len(request.headers.getall(REQUEST_ID)) > 1:
        return ""
    return told


def _details(asked: weakref.ref[web.BaseRequest]) -> RequestDetails | None:
    request = asked()
    if request is None:
        return None
    return RequestDetails(request_id(request), "", _model(request))


def _model(request: web.BaseRequest) -> str:
    if not isinstance(request, web.Request):
        return ""
    try:
        facts = request.config_dict.get(FACTS)
    except (AssertionError, AttributeError):
        return ""  # The router has not seen it yet.
    return "" if facts is None else facts.of(request).model
