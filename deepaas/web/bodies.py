"""Bodies of requests as they come: unpacked here, bit by bit, within limits.

aiohttp is told not to (``auto_decompress``): it would also unpack what nobody reads, such as the
rest of a body that was refused. Each step is small, and others get their turn in between.
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
"""After so many steps that gave nothing others get their turn: members of gzip may be empty."""

CHUNK_BYTES = 64 * 1024
"""So much of a body is taken at a time: whoever takes all that has come has it in memory twice."""

MAX_RATIO = 100
"""A body may be so many times as long as it was sent."""

FREE_BYTES = 16 * 1024 * 1024
"""Up to here nobody looks at the ratio: there is nothing to gain from it."""

LINES_COUNT = 32
MAX_LINE_BYTES = 64 * 1024
MAX_PREAMBLE_BYTES = 64 * 1024

_ZLIB = ("gzip", "deflate")
_PACKED = frozenset((*_ZLIB, "br", "zstd"))


def packed(request: web.Request) -> str:
    """How a body is packed, empty for not at all; other words are not ours to understand."""
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
    """A body, unpacked, chunk by chunk; ``max_bytes`` counts it packed or not, 0 for no limit.

    Raises:
        RequestTooLarge: it is larger.
        UnpacksTooMuch: it is too much longer than it was sent.
        MalformedRequest: it is not packed as it says.
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
                raise MalformedRequest(f"the body is not packed as {encoding}") from None
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
        raise MalformedRequest(f"the body is not packed as {encoding}, or breaks off")


def _unpacker(encoding: str) -> _Zlib | _Other:
    if encoding in _ZLIB:
        return _Zlib(encoding)
    try:
        if encoding == "br":
            return _Other(compression_utils.BrotliDecompressor())
        return _Other(compression_utils.ZSTDDecompressor())
    except (AttributeError, RuntimeError):
        raise MalformedRequest(f"this host cannot unpack {encoding}") from None


class _Zlib:
    """gzip, of any number of members, and deflate, with its head or without."""

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
            raise zlib.error("something follows")
        piece: bytes = self._inflate.decompress(data, STEP_BYTES)
        self._left = self._inflate.unused_data or self._inflate.unconsumed_tail
        return piece

    def _window(self, first: int) -> int:
        if self._encoding == "gzip":
            return 16 + zlib.MAX_WBITS
        # With its head by the standard, without by the habit of some clients.
        return zlib.MAX_WBITS if first & 0xF == 8 else -zlib.MAX_WBITS


class _Other:
    """Whatever else is installed, as aiohttp has it."""

    is_whole = True

    def __init__(self, decompressor: Any) -> None:
        self._decompressor = decompressor

    @property
    def has_more(self) -> bool:
        return bool(self._decompressor.data_available)

    def unpack(self, chunk: bytes) -> bytes:
        """About ``STEP_BYTES`` at most."""
        return bytes(self._decompressor.decompress_sync(chunk, max_length=STEP_BYTES))


class BrokenForm(ValueError):
    """A form is not as it should be; the text says what is wrong, for clients."""


class FormLines:
    """A body for aiohttp's reader of forms; little may stand before the first boundary."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._held = b""
        self._start = 0
        self._at_end = False
        self._lines_count = 0

    async def begin(self, boundary: bytes) -> None:
        """Pass over what stands before the first boundary, given with its two dashes."""
        line = re.compile(rb"(?:\A|\n)(%s(?:--)?[ \t\r\f\v]*(?:\n|\Z))" % re.escape(boundary))
        while True:
            found = line.search(self._held)
            # Without its end the last line may still become another.
            if found and (found[1].endswith(b"\n") or self._at_end):
                self._start = found.start(1)
                return
            if len(self._held) > MAX_PREAMBLE_BYTES or not await self._more():
                if found and self._at_end:
                    continue
                raise BrokenForm("it does not begin with the boundary that Content-Type names")

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
            raise BrokenForm("a line of it is too long")
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
        """False at its end."""
        if self._at_end:
            return False
        chunk = await anext(self._chunks, None)
        if chunk is None:
            self._at_end = True
            return False
        # What has been read is dropped here, where a copy is made anyway.
        self._held = self._held[self._start :] + chunk
        self._start = 0
        return True
