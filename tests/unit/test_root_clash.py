"""Doors at the root are in each other's way when a request could be of both."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from deepaas.doors import _clash


async def handler(_request: Any) -> Any: ...


@pytest.mark.parametrize(
    ("one", "other", "clashes"),
    [
        ("GET /health", "GET /health", True),
        ("GET /health", "POST /health", False),
        ("GET /things/{name}", "GET /things/{other}", True),
        ("GET /things/{name}", "* /things/{other}", True),
        ("GET /things/{name}", "GET /things/mine", True),
        ("GET /things/{name}", "GET /things/mine/more", False),
        ("GET /{tail:.+}", "GET /things/mine", True),
        ("POST /predictions", "PUT /predictions/{id}", False),
    ],
)
def test_clash(one: str, other: str, clashes: bool) -> None:
    first, second = route(one), route(other)
    assert _clash(first, second) == _clash(second, first) == clashes


def route(words: str) -> web.RouteDef:
    method, path = words.split()
    return web.route(method, path, handler)
