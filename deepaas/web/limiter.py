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
from deepaas.access.principal import Right
from deepaas.errors import LimitExceeded
from deepaas.limits import headers
from deepaas.limits.limiter import Account, Admission, Limiter
from deepaas.web.access import principal_of
from deepaas.web.errors import NOTES
from deepaas.web.facts import FACTS, OF_HOST, RequestFacts
from deepaas.web.forwarded import PROXIES
from deepaas.web.on_behalf import OnBehalf
from deepaas.web.request_state import kept

LOOK_SECONDS = 0.1
"""How often a body of unknown length is compared with what is left."""

CANCEL = "/cancel"
"""The end of routes that end a call: who has no call left must still be able to."""

_METHODS = frozenset((hdrs.METH_POST, hdrs.METH_PUT, hdrs.METH_PATCH))

_ACCOUNT = "deepaas_limits"
_REFUSED = "deepaas_limits_refused"


class CallLimits:
    def __init__(self, limiter: Limiter, behalf: OnBehalf | None = None) -> None:
        self.limiter = limiter
        self._behalf = behalf

    def setup(self, app: web.Application) -> None:
        """Once the application has its facts and its proxies."""
        self._facts, self._proxies = app[FACTS], app[PROXIES]

    @web.middleware
    def check(self, request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        if request.method in _METHODS:
            facts = self._facts.of(request)
            if _is_call(request, facts):
                account = self._account(request, facts.model)
                if account.counted:
                    return self._limited(request, handler, account)
        return handler(request)

    def _account(self, request: web.Request, model: str) -> Account:
        key, own = None, ""
        principal = principal_of(request)
        if principal is not None and principal.name:
            key, own = principal.name, principal.limits
        address = self._proxies.client(request)
        if self._behalf is not None and (visitor := self._behalf.visitor(request)) is not None:
            address = visitor.address  # The try-me page itself has one of this machine.
        return self.limiter.account(address, model, key, own)

    def _limited(
        self, request: web.Request, handler: Handler, account: Account
    ) -> Awaitable[web.StreamResponse]:
        request[_ACCOUNT] = account
        try:
            admission = self.limiter.admit(account, request.content_length or 0)
        except LimitExceeded as error:
            _refuse(request, error)
        if account.at_once or account.of_bytes:
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
        account: Account | None = kept(request, _ACCOUNT)
        if account is None:
            return
        refused: LimitExceeded | None = kept(request, _REFUSED)
        response.headers[headers.POLICY] = account.described
        response.headers[headers.STANDING] = (
            headers.standing_header(account)
            if refused is None
            else headers.refused_header(account, refused.violated)
        )


def _refuse(request: web.Request, error: LimitExceeded) -> NoReturn:
    request[_REFUSED] = error
    request.app[NOTES].note(f"a call was refused: {error.message}")
    raise error


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
