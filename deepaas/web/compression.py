"""Compresses JSON and text for clients that accept it, if that makes them much smaller.

Not streams of events, which have to arrive at once, and nothing that is compressed already. The
fastest levels are used: what a network saves must not cost a core. zstd is that of Python 3.14, or
of ``backports.zstd`` if it is installed; it is no dependency, because aiohttp would import it too.

Secrets beside text of an attacker (BREACH): an attacker has to make somebody's browser send the
request. Pages of other origins get 403 instead of a response with a secret, and cookies are not
sent with their requests. So compression reveals nothing.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import re
import sys
import zlib
from typing import Any

from aiohttp import hdrs, web

from deepaas.codings import chosen

MIN_BYTES = 1024
"""A smaller response fits into one packet anyway."""

THREAD_BYTES = 128 * 1024
"""More is compressed in a thread: it takes a millisecond or longer."""

_TEXT = re.compile(
    r"text/(?!event-stream)|application/(?:json|xml|javascript|openmetrics-text|yaml|x-ndjson)\b"
    r"|[^;]*\+(?:json|xml)\b|image/svg",
    re.IGNORECASE,
)
_ZLIB_BITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Encoder:
    """Compresses a stream with ``gzip``, ``deflate`` or ``zstd``."""

    def __init__(self, coding: str) -> None:
        self._compressor: Any = (
            _zstd().ZstdCompressor(level=1)
            if coding == "zstd"
            else zlib.compressobj(1, wbits=_ZLIB_BITS[coding])
        )

    def encode(self, data: bytes) -> bytes:
        return bytes(self._compressor.compress(data))

    def end(self) -> bytes:
        return bytes(self._compressor.flush())


def coding_for(request: web.Request, response: web.StreamResponse, size_bytes: int) -> str:
    """How to compress a response of this size, or an empty text; adds ``Vary`` to it."""
    headers = response.headers
    if size_bytes < MIN_BYTES or hdrs.CONTENT_ENCODING in headers or hdrs.CONTENT_RANGE in headers:
        return ""
    if not is_text(headers.get(hdrs.CONTENT_TYPE, "")):
        return ""
    if "no-transform" in headers.get(hdrs.CACHE_CONTROL, ""):
        return ""
    headers.add(hdrs.VARY, hdrs.ACCEPT_ENCODING)
    if request.method == hdrs.METH_HEAD:
        return ""
    accepted = request.headers.get(hdrs.ACCEPT_ENCODING, "")
    return chosen(accepted, offered()) if accepted else ""


async def compress(request: web.Request, response: web.Response, body: bytes) -> None:
    """Compress a response with this body, unless that does not make it smaller."""
    coding = coding_for(request, response, len(body))
    if coding and len(packed := await encoded(coding, body)) < len(body):
        response.body = packed
        response.headers[hdrs.CONTENT_LENGTH] = str(len(packed))
        response.headers[hdrs.CONTENT_ENCODING] = coding


async def encoded(coding: str, body: bytes) -> bytes:
    if len(body) > THREAD_BYTES:
        return await asyncio.to_thread(_encoded, coding, body)
    return _encoded(coding, body)


@functools.lru_cache(maxsize=256)
def is_text(media_type: str) -> bool:
    return _TEXT.match(media_type) is not None


@functools.cache
def offered() -> tuple[str, ...]:
    return ("gzip",) if _zstd() is None else ("zstd", "gzip")


def _encoded(coding: str, body: bytes) -> bytes:
    encoder = Encoder(coding)
    return encoder.encode(body) + encoder.end()


@functools.cache
def _zstd() -> Any:
    try:
        name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
        return importlib.import_module(name)
    except ImportError:
        return None
