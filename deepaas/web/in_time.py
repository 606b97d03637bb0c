"""Answers that come late, for clients that give up when nothing comes for a few seconds.

White space before a JSON text means nothing (RFC 8259, section 2), so some can be sent meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web
from multidict import CIMultiDict

STEP_SECONDS = 2.0

_JSON = "application/json"


@dataclass(frozen=True)
class Fetched:
    status: int
    headers: CIMultiDict[str]
    body: bytes


async def respond_in_time(
    request: web.Request, fetching: Coroutine[Any, Any, Fetched]
) -> web.StreamResponse:
    """After the first white space another status than 200 breaks the connection.

    It is too late to say so then; until there, whatever comes is passed on as it is.
    """
    fetched = asyncio.ensure_future(fetching)
    try:
        await asyncio.wait((fetched,), timeout=STEP_SECONDS)
        if fetched.done():
            got = fetched.result()
            return web.Response(status=got.status, body=got.body, headers=got.headers)
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: _JSON, "X-Accel-Buffering": "no"})
        with contextlib.suppress(ConnectionError):  # The client has left.
            await response.prepare(request)
            while not fetched.done():
                await response.write(b" ")
                await asyncio.wait((fetched,), timeout=STEP_SECONDS)
            if fetched.exception() is None and fetched.result().status == web.HTTPOk.status_code:
                await response.write(fetched.result().body)
                await response.write_eof()
            elif request.transport is not None:
                request.transport.abort()
        return response
    finally:
        fetched.cancel()
