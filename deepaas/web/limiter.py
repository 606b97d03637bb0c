"""Refuses calls beyond the limits of their key, their address or their model, with 429.

Only calls of models and training runs count, not documents, pages and health. They are counted
before their body is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import NoReturn

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from deepaas.access.needs import need_of
from deepaas.access.principal import Principal, Right
from deepaas.errors import LimitExceeded
from deepaas.limits import headers
from deepaas.limits.limiter import Admission, AppliedLimits, Limiter
from deepaas.web.access import PRINCIPAL
from deepaas.web.errors import NOTES
from deepaas.web.facts import FACTS, OF_HOST, RequestFacts
from deepaas.web.forwarded import PROXIES
from deepaas.web.on_behalf import OnBehalf
from deepaas.web.request_state import keep, kept

LOOK_SECONDS = 0.1
"""How often a body of unknown length is compared with what is left."""

CANCEL = "/cancel"
"""The end of routes that end a call: who has no call left must still be able to."""

_METHODS = frozenset((hdrs.METH_POST, hdrs.METH_PUT, hdrs.METH_PATCH))

_APPLIED = "deepaas_limits"
_REFUSED = "deepaas_limits_refused"


class CallLimits:
    def __init__(self, limiter: Limiter, behalf: OnBehalf | None = None) -> None:
        self.limiter = limiter
        self._behalf = behalf
        self._only_of_keys = limiter.only_of_keys
        self._are_calls: dict[tuple[str, RequestFacts], bool] = {}

    def setup(self, app: web.Application) -> None:
        """Once the application has its facts and its proxies."""
        self._facts, self._proxies = app[FACTS], app[PROXIES]

    @web.middleware
    def check(self, request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        method = request.method
        if method not in _METHODS:
            return handler(request)
        principal: Principal | None = kept(request, PRINCIPAL)
        if self._only_of_keys and (principal is None or not principal.limits):
            return handler(request)
        facts = self._facts.of(request)
        is_call = self._are_calls.get((method, facts))
        if is_call is None:
            is_call = self._is_call(request, facts)
        if is_call:
            applied = self._applied(request, facts.model, principal)
            if applied.counted:
                return self._limited(request, handler, applied)
        return handler(request)

    def _is_call(self, request: web.Request, facts: RequestFacts) -> bool:
        is_call = (
            facts.door != OF_HOST
            and not facts.route.endswith(CANCEL)
            and need_of(request.method, request.match_info.handler).right is not Right.READ
        )
        self._are_calls[request.method, facts] = is_call
        return is_call

    def _applied(
        self, request: web.Request, model: str, principal: Principal | None
    ) -> AppliedLimits:
        key, own = None, ""
        if principal is not None and principal.name:
            key, own = principal.name, principal.limits
        address = self._proxies.client(request)
        if self._behalf is not None and (visitor := self._behalf.visitor(request)) is not None:
            address = visitor.address  # The try-me page itself has one of this machine.
        return self.limiter.applied(address, model, key, own)

    def _limited(
        self, request: web.Request, handler: Handler, applied: AppliedLimits
    ) -> Awaitable[web.StreamResponse]:
        keep(request, _APPLIED, applied)
        size_bytes = request.content_length or 0 if applied.of_bytes else 0
        try:
            admission = self.limiter.admit(applied, size_bytes)
        except LimitExceeded as error:
            _refuse(request, error)
        if applied.at_once or applied.of_bytes:
            return self._held(request, handler, admission)
        return handler(request)  # Nothing is given back, so no coroutine has to wait for the end.

    async def _held(
        self, request: web.Request, handler: Handler, admission: Admission
    ) -> web.StreamResponse:
        try:
            with admission:
                if not admission.counts_bytes or not request.can_read_body:
                    return await handler(request)
                return await _weighed(admission, request, handler)
        except LimitExceeded as error:
            _refuse(request, error)

    def tell(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the headers with what is left to the responses of limited calls."""
        applied: AppliedLimits | None = kept(request, _APPLIED)
        if applied is None:
            return
        refused: LimitExceeded | None = kept(request, _REFUSED)
        told = response.headers
        told[headers.POLICY] = applied.described
        told[headers.STANDING] = (
            headers.standing_header(applied)
            if refused is None
            else headers.refused_header(applied, refused.violated)
        )


def _refuse(request: web.Request, error: LimitExceeded) -> NoReturn:
    keep(request, _REFUSED, error)
    request.app[NOTES].note(f"a call was refused: {error.message}")
    raise error


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
