"""What has been kept with a request."""

from __future__ import annotations

from typing import Any

from aiohttp import web


def kept(request: web.BaseRequest, key: str) -> Any:
    """What is stored in a request under a key; None if there is nothing.

    ``request.get`` raises an exception and catches it, which takes ten times as long. Most requests
    do not have most things, and several parts of the host ask.
    """
    return request._state.get(key)
