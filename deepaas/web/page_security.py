"""Adds security headers, the id of the request and more to all responses, in one hook."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import hdrs, web

from deepaas.browsers import DISPOSITION, OPENER, POLICY, REFERRER, TYPE_OPTIONS, told, wants_page
from deepaas.origins import Visitors
from deepaas.web.compression import MIN_BYTES, compress
from deepaas.web.errors import BEGUN
from deepaas.web.request_id import REQUEST_ID, request_id
from deepaas.web.request_state import keep

Teller = Callable[[web.Request, web.StreamResponse], None]
"""Adds headers to a response before it is sent."""


def protect(app: web.Application, visitors: Visitors, tellers: Sequence[Teller] = ()) -> None:
    """``tellers`` are called here because each hook of its own would cost time."""
    shared = visitors.some_origins

    async def tell(request: web.Request, response: web.StreamResponse) -> None:
        keep(request, BEGUN, response)  # Set here because another hook would cost time.
        headers = response.headers
        headers[REQUEST_ID] = request_id(request)
        if isinstance(response, web.Response):
            body = response.body
            if isinstance(body, bytes) and len(body) >= MIN_BYTES:
                await compress(request, response, body)
        policy = headers.get(POLICY, "")
        accept = request.headers.get(hdrs.ACCEPT, "*/*")
        shown = accept != "*/*" and wants_page(accept)
        what = told(headers.get(hdrs.CONTENT_TYPE, ""), policy, shared, shown)
        if TYPE_OPTIONS in headers:  # From a program behind this host.
            del headers[TYPE_OPTIONS]
        headers.extend(what.headers)
        if what.attachment:
            headers.setdefault(DISPOSITION, "attachment")
        if what.is_page:
            headers.setdefault(REFERRER, "same-origin" if policy else "no-referrer")
            # Browsers support it only for trusted addresses, and log a warning for others.
            if policy and request.headers.get("Sec-Fetch-Dest") == "document":
                headers[OPENER] = "same-origin"
        # Models and programs behind this host cannot set it.
        if hdrs.ACCESS_CONTROL_ALLOW_ORIGIN in headers:
            del headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN]
        if shared:
            headers.popall(hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS, None)
            headers.update(visitors.cors(request.headers.get(hdrs.ORIGIN)))
            headers.add(hdrs.VARY, hdrs.ORIGIN)
        for each in tellers:
            each(request, response)

    app.on_response_prepare.append(tell)
