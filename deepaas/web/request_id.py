"""The id of each request, by which its client, proxies and the log name it: ``X-Request-ID``.

Only if somebody reads it, such as a log of JSON lines, is the request that code runs for known
everywhere (:mod:`deepaas.request_context`).
"""

from __future__ import annotations

import functools
import random
import re
import weakref
from collections.abc import Awaitable, Callable

from aiohttp import web
from multidict import istr

from deepaas.request_context import CURRENT, RequestContext, RequestDetails, TraceStart
from deepaas.web.request_state import keep, kept

REQUEST_ID = istr("X-Request-ID")

_ID = "deepaas_request_id"

_SAFE = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")
"""Ids of clients: they are written to logs and sent to others."""

BaseHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


Details = Callable[[web.BaseRequest], RequestDetails]

BeginTrace = Callable[[web.BaseRequest], TraceStart | None]
"""Begins the trace of a request; None if it is not sampled, and nobody has to be told."""


def request_id(request: web.BaseRequest) -> str:
    """It is made when it is needed first, and is the same from then on."""
    found: str | None = kept(request, _ID)
    if found is None:
        given = request.headers.get(REQUEST_ID)
        found = new_id() if given is None else _told(request, given) or new_id()
        keep(request, _ID, found)
    return found


def new_id() -> str:
    """Not a secret, so it need not ask the system, which costs more than all the rest."""
    return f"{random.getrandbits(64):016x}"


def in_context(
    handler: BaseHandler, details: Details, begin: BeginTrace | None = None, *, always: bool = True
) -> BaseHandler:
    """Around all middlewares: while a request is worked on, it is the current one.

    ``details`` finds what lines of the log tell about it, ``begin`` begins its trace. If it is not
    ``always`` needed, only those of a trace are.
    """

    def handle(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        # Set for each: one task works on all requests of a connection.
        start = None if begin is None else begin(request)
        if start is None and not always:
            CURRENT.set(None)
            return handler(request)
        look = functools.partial(_look, weakref.ref(request), details)
        context = RequestContext(request_id(request), look)
        if start is not None:
            context.trace, context.trace_headers = start
        CURRENT.set(context)
        return handler(request)

    return handle


def _look(asked: weakref.ref[web.BaseRequest], details: Details) -> RequestDetails | None:
    request = asked()
    return None if request is None else details(request)


def _told(request: web.BaseRequest, given: str) -> str:
    if _SAFE.fullmatch(given) is None or len(request.headers.getall(REQUEST_ID)) > 1:
        return ""
    return given
