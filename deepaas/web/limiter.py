"""Refuses calls beyond the limits of their key, their address or their model, with 429.

Only calls of models and training runs count, not documents, pages and health. They are counted
before their body is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from deepaas.access.needs import need_of
from deepaas.access.principal import Right
from deepaas.errors import LimitExceeded
from deepaas.limits import headers
from deepaas.limits.limiter import Admission, Counted, Limiter
from deepaas.limits.reading import own_limits
from deepaas.web.access import principal_of
from deepaas.web.errors import NOTES
from deepaas.web.facts import FACTS, OF_HOST, RequestFacts
from deepaas.web.forwarded import client_address
from deepaas.web.on_behalf import OnBehalf
from deepaas.web.request_state import kept

LOOK_SECONDS = 0.1
"""How often a body of unknown length is compared with what is left."""

CANCEL = "/cancel"
"""The end of routes that end a call: who has no call left must still be able to."""

_METHODS = frozenset((hdrs.METH_POST, hdrs.METH_PUT, hdrs.METH_PATCH))

_COUNTED = "deepaas_limits"
_REFUSED = "deepaas_limits_refused"


class CallLimits:
    def __init__(self, limiter: Limiter, behalf: OnBehalf | None = None) -> None:
        self.limiter = limiter
        self._behalf = behalf

    @web.middleware
    def check(self, request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        if request.method in _METHODS:
            facts = request.app[FACTS].of(request)
            if _is_call(request, facts) and (counted := self._counted(request, facts.model)):
                return self._limited(request, handler, counted)
        return handler(request)

    def _counted(self, request: web.Request, model: str) -> list[Counted]:
        principal = principal_of(request)
        key = own = None
        if principal is not None and principal.name:
            key, own = principal.name, own_limits(principal.limits)
        address = client_address(request)
        if self._behalf is not None and (visitor := self._behalf.visitor(request)) is not None:
            address = visitor.address  # The try-me page itself has one of this machine.
        return self.limiter.counted(address, model, key, own)

    async def _limited(
        self, request: web.Request, handler: Handler, counted: list[Counted]
    ) -> web.StreamResponse:
        request[_COUNTED] = counted
        try:
            with self.limiter.admit(counted, request.content_length or 0) as admission:
                if not admission.counts_bytes or not request.can_read_body:
                    return await handler(request)
                return await _weighed(admission, request, handler)
        except LimitExceeded as error:
            request[_REFUSED] = error
            request.app[NOTES].note(f"a call was refused: {error.message}")
            raise

    async def tell(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the headers with what is left to the responses of limited calls."""
        counted: list[Counted] | None = kept(request, _COUNTED)
        if counted is None:
            return
        refused: LimitExceeded | None = kept(request, _REFUSED)
        response.headers[headers.POLICY] = headers.policy_header(counted)
        response.headers[headers.STANDING] = (
            headers.standing_header(counted)
            if refused is None
            else headers.refused_header(counted, refused.violated)
        )


def _is_call(request: web.Request, facts: RequestFacts) -> bool:
    if facts.door == OF_HOST or facts.route.endswith(CANCEL):
        return False
    return need_of(request.method, request.match_info.handler).right is not Right.READ


async def _weighed(
    admission: Admission, request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Handle a request with a body, and count what has been received of it."""
    content = request.content
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal timer
        try:
            admission.count(content.total_bytes)
            admission.check()
        except LimitExceeded as error:
            content.set_exception(error)  # Raised where the body is being read.
        else:
            if not content.is_eof():
                timer = loop.call_later(LOOK_SECONDS, look)

    if request.content_length is None:
        look()
    try:
        return await handler(request)
    finally:
        if timer is not None:
            timer.cancel()
        admission.count(content.total_bytes)
