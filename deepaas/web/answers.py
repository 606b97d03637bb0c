"""Sends the answer of a worker to the client."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import BinaryIO

from aiohttp import hdrs, web

from deepaas.beneath import open_file
from deepaas.messages import Answer
from deepaas.web import bounded
from deepaas.web.compression import Encoder, coding_for, encoded
from deepaas.web.errors import NOTICE
from deepaas.web.files import content_disposition

_log = logging.getLogger(__name__)

SEND_BYTES = 256 * 1024

LIGHT_BYTES = 1024 * 1024
"""Files up to this size, which a worker has just written, are read without a thread: it takes
longer to ask one than to read them."""

JSON = "application/json"


def notice_of(answer: Answer) -> str:
    """What the client should know besides the answer, for the header; empty if nothing."""
    return "; ".join(filter(None, (answer.notice, answer.remark)))


async def respond(
    request: web.Request,
    answer: Answer,
    before: bytes = b"",
    after: bytes = b"",
    *,
    may_pack: bool = False,
) -> web.StreamResponse:
    """Send an answer; if it is a file, that is streamed and always removed.

    JSON and text are compressed like all responses. With ``may_pack``, every type is, for clients
    that accept only gzip or only deflate: clients that always send the header list several.
    """
    headers = {**answer.headers, hdrs.CONTENT_TYPE: _content_type(answer.media_type)}
    if notice := notice_of(answer):
        headers[NOTICE] = notice
    if answer.attachment:
        headers[hdrs.CONTENT_DISPOSITION] = content_disposition(answer.attachment)
    wanted = _only_coding(request) if may_pack else ""
    if not answer.path:
        body = before + answer.body + after
        if wanted:
            headers[hdrs.CONTENT_ENCODING] = wanted
            body = await encoded(wanted, body)
        return web.Response(body=body, headers=headers)
    path = Path(answer.path)
    # Does not follow a symlink that a model may have put there.
    with open_file(path) as file:
        path.unlink()
        return await _stream(request, file, headers, before, after, wanted)


def _only_coding(request: web.Request) -> str:
    wanted = request.headers.get(hdrs.ACCEPT_ENCODING, "").strip().lower()
    return wanted if wanted in ("gzip", "deflate") else ""


async def _stream(
    request: web.Request,
    file: BinaryIO,
    headers: dict[str, str],
    before: bytes,
    after: bytes,
    wanted: str,
) -> web.StreamResponse:
    response = web.StreamResponse(headers=headers)
    size_bytes = len(before) + file.seek(0, 2) + len(after)
    file.seek(0)
    if coding := wanted or coding_for(request, response, size_bytes):
        response.headers[hdrs.CONTENT_ENCODING] = coding
    else:
        response.content_length = size_bytes
    encoder = Encoder(coding) if coding else None
    is_light = encoder is None and size_bytes <= LIGHT_BYTES

    def read() -> tuple[bool, bytes]:
        chunk = file.read(SEND_BYTES)
        return bool(chunk), chunk if encoder is None else encoder.encode(chunk)

    await response.prepare(request)
    try:
        if before:
            await response.write(before if encoder is None else encoder.encode(before))
        has_more = True
        while has_more:
            has_more, chunk = read() if is_light else await asyncio.to_thread(read)
            if chunk:
                await bounded.send(request, response, chunk)
        await response.write_eof(
            after if encoder is None else encoder.encode(after) + encoder.end()
        )
    except ConnectionError:
        pass  # The client has left.
    except OSError:
        # Too late for another status: only a closed connection shows that the rest is missing.
        _log.exception("%s %s: cannot read the file of the response", request.method, request.path)
        if request.transport is not None:
            request.transport.abort()
    return response


def _content_type(media_type: str) -> str:
    # JSON as in DEEPaaS 2.x; every other type exactly as the author wrote it.
    return f"{JSON}; charset=utf-8" if media_type == JSON else media_type
