"""Slow responses for clients with a read timeout of a few seconds.

White space before JSON is allowed (RFC 8259, section 2), so some is sent while the client waits.
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
    """Respond with what is fetched; send white space until it is there.

    After the first white space it is too late for a status other than 200: the connection is closed
    instead.
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
