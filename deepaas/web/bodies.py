"""Reads request bodies and decompresses them, piece by piece and within limits.

aiohttp does not decompress them (``auto_decompress``): it would also do so for data that is not
read, such as the rest of a rejected body. Steps are short, so that other requests can run between.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import compression_utils, hdrs, web

from deepaas.errors import MalformedRequest, RequestTooLarge, UnpacksTooMuch
from deepaas.messages import INLINE_BYTES

STEP_BYTES = 128 * 1024

EMPTY_COUNT = 256
"""Other requests get a turn after this many steps without output: gzip members can be empty."""

CHUNK_BYTES = 64 * 1024
"""How much of a body is read at a time; more would be in memory twice."""

MAX_RATIO = 100
"""How many times its compressed length a body may have."""

FREE_BYTES = 16 * 1024 * 1024
"""Up to this size the ratio is not checked."""

LINES_COUNT = 32
MAX_LINE_BYTES = 64 * 1024
MAX_PREAMBLE_BYTES = 64 * 1024

_ZLIB = ("gzip", "deflate")
_PACKED = frozenset((*_ZLIB, "br", "zstd"))


def packed(request: web.Request) -> str:
    """The compression of a body, empty for none; unknown encodings are ignored."""
    encoding = request.headers.get(hdrs.CONTENT_ENCODING, "")
    if not encoding:
        return ""
    encoding = encoding.strip().lower()
    return encoding if encoding in _PACKED else ""


def at_hand(request: web.Request, max_bytes: int) -> bytes | None:
    """A small body that has come as a whole and is not packed, as most have; None for others.

    Raises:
        RequestTooLarge: it is larger than ``max_bytes``, if these are not 0.
    """
    length = request.content_length
    if length is None or length > INLINE_BYTES or not request.content.is_eof() or packed(request):
        return None
    if max_bytes and length > max_bytes:
        raise RequestTooLarge.than(max_bytes)
    return request.content.read_nowait()


def received(request: web.Request, max_bytes: int) -> AsyncIterator[bytes]:
    """A decompressed body in chunks; ``max_bytes`` limits both sizes, 0 is no limit.

    Raises:
        RequestTooLarge: it is larger.
        UnpacksTooMuch: it expands too much.
        MalformedRequest: it is not compressed as its headers say.
    """
    length = request.content_length
    if max_bytes and length is not None and length > max_bytes:
        raise RequestTooLarge.than(max_bytes)
    if encoding := packed(request):
        chunks = _unpacked(request, encoding)
    else:
        chunks = request.content.iter_chunked(CHUNK_BYTES)
        if length is not None:
            return chunks  # The parser passes on no more than that.
    return _limited(chunks, max_bytes) if max_bytes else chunks


async def _limited(chunks: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    count_bytes = 0
    async for chunk in chunks:
        count_bytes += len(chunk)
        if count_bytes > max_bytes:
            raise RequestTooLarge.than(max_bytes)
        yield chunk


async def _unpacked(request: web.Request, encoding: str) -> AsyncIterator[bytes]:
    unpacker = _unpacker(encoding)
    sent_bytes = count_bytes = steps_count = 0
    async for chunk in request.content.iter_any():
        sent_bytes += len(chunk)
        while True:
            try:
                piece = unpacker.unpack(chunk)
            except Exception:
                raise MalformedRequest(f"the body is not valid {encoding} data") from None
            chunk = b""
            if piece:
                count_bytes += len(piece)
                if count_bytes > max(FREE_BYTES, sent_bytes * MAX_RATIO):
                    raise UnpacksTooMuch(MAX_RATIO)
                yield piece
            steps_count += 1
            if piece or steps_count % EMPTY_COUNT == 0:
                await asyncio.sleep(0)
            if not unpacker.has_more:
                break
    if sent_bytes and not unpacker.is_whole:
        raise MalformedRequest(f"the body is not valid {encoding} data, or is incomplete")


def _unpacker(encoding: str) -> _Zlib | _Other:
    if encoding in _ZLIB:
        return _Zlib(encoding)
    try:
        if encoding == "br":
            return _Other(compression_utils.BrotliDecompressor())
        return _Other(compression_utils.ZSTDDecompressor())
    except (AttributeError, RuntimeError):
        raise MalformedRequest(f"this host does not support Content-Encoding: {encoding}") from None


class _Zlib:
    """gzip with any number of members, and deflate with or without its header."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._inflate: Any = None
        self._left = b""

    @property
    def has_more(self) -> bool:
        return bool(self._left)

    @property
    def is_whole(self) -> bool:
        return self._inflate is not None and bool(self._inflate.eof)

    def unpack(self, chunk: bytes) -> bytes:
        data = self._left + chunk if chunk else self._left
        if self._inflate is None or (self._inflate.eof and data and self._encoding == "gzip"):
            if not data:
                return b""
            self._inflate = zlib.decompressobj(self._window(data[0]))
        if self._inflate.eof:
            raise zlib.error("trailing data")
        piece: bytes = self._inflate.decompress(data, STEP_BYTES)
        self._left = self._inflate.unused_data or self._inflate.unconsumed_tail
        return piece

    def _window(self, first: int) -> int:
        if self._encoding == "gzip":
            return 16 + zlib.MAX_WBITS
        # The standard requires a header; some clients omit it.
        return zlib.MAX_WBITS if first & 0xF == 8 else -zlib.MAX_WBITS


class _Other:
    """Other decompressors, as wrapped by aiohttp, if they are installed."""

    is_whole = True

    def __init__(self, decompressor: Any) -> None:
        self._decompressor = decompressor

    @property
    def has_more(self) -> bool:
        return bool(self._decompressor.data_available)

    def unpack(self, chunk: bytes) -> bytes:
        """Returns about ``STEP_BYTES`` at most."""
        return bytes(self._decompressor.decompress_sync(chunk, max_length=STEP_BYTES))


class BrokenForm(ValueError):
    """A form is malformed; the text says how, for clients."""


class FormLines:
    """A body for aiohttp's multipart reader, with a limit on what precedes the first boundary."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._held = b""
        self._start = 0
        self._at_end = False
        self._lines_count = 0

    async def begin(self, boundary: bytes) -> None:
        """Skip everything before the first boundary, which is given with its two dashes."""
        line = re.compile(rb"(?:\A|\n)(%s(?:--)?[ \t\r\f\v]*(?:\n|\Z))" % re.escape(boundary))
        while True:
            found = line.search(self._held)
            # A last line without an end may be incomplete.
            if found and (found[1].endswith(b"\n") or self._at_end):
                self._start = found.start(1)
                return
            if len(self._held) > MAX_PREAMBLE_BYTES or not await self._more():
                if found and self._at_end:
                    continue
                raise BrokenForm("it does not start with the boundary given in Content-Type")

    def at_eof(self) -> bool:
        return self._at_end and self._start >= len(self._held)

    async def read(self, size: int) -> bytes:
        if self._start >= len(self._held):
            await self._more()
        else:
            await asyncio.sleep(0)
        found = self._held[self._start : self._start + size]
        self._start += len(found)
        return found

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        limit = max_line_length or MAX_LINE_BYTES
        self._lines_count += 1
        if self._lines_count % LINES_COUNT == 0:
            await asyncio.sleep(0)
        looked = 0
        while (end := self._held.find(b"\n", self._start + looked)) < 0:
            looked = len(self._held) - self._start
            if looked > limit or not await self._more():
                end = len(self._held) - 1
                break
        if end + 1 - self._start > limit + len(b"\r\n"):
            raise BrokenForm("a line is too long")
        line = self._held[self._start : end + 1]
        self._start = end + 1
        return line

    def unread_data(self, data: bytes) -> None:
        if self._held[self._start - len(data) : self._start] == data:
            self._start -= len(data)
        else:
            self._held = data + self._held[self._start :]
            self._start = 0

    async def _more(self) -> bool:
        """Read more; False at the end."""
        if self._at_end:
            return False
        chunk = await anext(self._chunks, None)
        if chunk is None:
            self._at_end = True
            return False
        # Drops what has been read: this makes a copy anyway.
        self._held = self._held[self._start :] + chunk
        self._start = 0
        return True
