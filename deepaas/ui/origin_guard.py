"""Checks which web pages may call the page, and adds security headers to responses."""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deepaas.browsers import DISPOSITION, OPENER, POLICY, REFERRER, TYPE_OPTIONS, told, wants_page
from deepaas.origins import Asked, Visitors
from deepaas.ui.overview import notice


class OriginGuard:
    """Checks host names and origins of requests to an application, and completes the responses.

    ``believes`` returns whether the forwarding headers of a peer are trusted.
    """

    def __init__(
        self, app: ASGIApp, visitors: Visitors, believes: Callable[[str | None], bool]
    ) -> None:
        self._app = app
        self._visitors = visitors
        self._believes = believes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                self._complete(headers, MutableHeaders(scope=message))
            await send(message)

        answer = self._answer(self._asked(scope, headers), headers) or self._app
        await answer(scope, receive, complete)

    def _answer(self, asked: Asked, headers: Headers) -> Response | None:
        """Return the response to rejected requests and to preflight requests."""
        if message := self._visitors.unknown_host(asked):
            return _refusal(headers, message, 421)
        if message := self._visitors.foreign_origin(asked):
            return _refusal(headers, message, 403)
        is_preflight = asked.method == "OPTIONS" and "access-control-request-method" in headers
        if is_preflight and asked.origin is not None and self._visitors.allows(asked.origin):
            wanted = headers.get("access-control-request-headers")
            return Response(status_code=204, headers=self._visitors.preflight(wanted))
        return None

    def _asked(self, scope: Scope, headers: Headers) -> Asked:
        server, client = scope.get("server"), scope.get("client")
        told = headers.getlist("x-forwarded-host")
        believed = bool(told) and self._believes(client[0] if client else None)
        return Asked(
            method=scope["method"],
            hosts=tuple(headers.getlist("host")),
            local=str(server[0]) if server and server[1] else "",
            public=told[-1].rpartition(",")[2].strip() if believed else "",
            origin=headers.get("origin"),
            site=headers.get("sec-fetch-site"),
            mode=headers.get("sec-fetch-mode"),
            destination=headers.get("sec-fetch-dest"),
        )

    def _complete(self, request: Headers, headers: MutableHeaders) -> None:
        shared = self._visitors.some_origins
        policy = headers.get(POLICY, "")
        shown = wants_page(request.get("accept", ""))
        what = told(headers.get("Content-Type", ""), policy, shared, shown)
        del headers[TYPE_OPTIONS]
        for name, value in what.headers.items():
            headers.append(name, value)
        if what.attachment:
            headers.setdefault(DISPOSITION, "attachment")
        if what.is_page:
            headers.setdefault(REFERRER, "same-origin" if policy else "no-referrer")
            if policy and request.get("sec-fetch-dest") == "document":
                headers[OPENER] = "same-origin"
        del headers["Access-Control-Allow-Origin"]
        if shared:
            headers.update(self._visitors.cors(request.get("origin")))
            headers.add_vary_header("Origin")


def _refusal(headers: Headers, message: str, status: int) -> Response:
    if wants_page(headers.get("accept", "")):
        return notice("", "This page cannot be shown", message, status)
    return JSONResponse({"error": message}, status)
