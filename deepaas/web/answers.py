"""Sends the answer of a worker to the client."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import BinaryIO

from aiohttp import hdrs, web
from aiohttp.web_response import ContentCoding

from deepaas.beneath import open_file
from deepaas.messages import Answer
from deepaas.web import bounded
from deepaas.web.errors import NOTICE
from deepaas.web.files import content_disposition

_log = logging.getLogger(__name__)

SEND_BYTES = 256 * 1024
JSON = "application/json"


async def respond(
    request: web.Request,
    answer: Answer,
    before: bytes = b"",
    after: bytes = b"",
    *,
    may_pack: bool = False,
) -> web.StreamResponse:
    """Send an answer; if it is a file, that is streamed and always removed.

    With ``may_pack``, it is compressed for clients that accept only gzip or only deflate: clients
    that always send the header list several.
    """
    coding = _wanted_coding(request) if may_pack else None
    headers = {**answer.headers, hdrs.CONTENT_TYPE: _content_type(answer.media_type)}
    if answer.notice:
        headers[NOTICE] = answer.notice
    if answer.attachment:
        headers[hdrs.CONTENT_DISPOSITION] = content_disposition(answer.attachment)
    if not answer.path:
        response = web.Response(body=before + answer.body + after, headers=headers)
        if coding is not None:
            response.enable_compression(coding)
        return response
    path = Path(answer.path)
    # Does not follow a symlink that a model may have put there.
    with open_file(path) as file:
        path.unlink()
        return await _stream(request, file, headers, before, after, coding)


def _wanted_coding(request: web.Request) -> ContentCoding | None:
    wanted = request.headers.get(hdrs.ACCEPT_ENCODING, "").strip().lower()
    return ContentCoding(wanted) if wanted in ("gzip", "deflate") else None


async def _stream(
    request: web.Request,
    file: BinaryIO,
    headers: dict[str, str],
    before: bytes,
    after: bytes,
    coding: ContentCoding | None,
) -> web.StreamResponse:
    response = web.StreamResponse(headers=headers)
    if coding is not None:
        response.enable_compression(coding)
    response.content_length = len(before) + file.seek(0, 2) + len(after)
    file.seek(0)
    await response.prepare(request)
    try:
        if before:
            await response.write(before)
        while chunk := await asyncio.to_thread(file.read, SEND_BYTES):
            await bounded.send(request, response, chunk)
        await response.write_eof(after)
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
