"""What has been kept with a request, without the checks that aiohttp makes for each access.

Several parts of the host keep something with every request, and ask for what most do not have:
``request.get`` raises an exception and catches it, which takes ten times as long.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web


def keep(request: web.BaseRequest, key: str, value: Any) -> None:
    request._state[key] = value


def kept(request: web.BaseRequest, key: str) -> Any:
    """None if there is nothing under this key."""
    return request._state.get(key)
