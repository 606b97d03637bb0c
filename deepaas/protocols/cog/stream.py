"""A prediction as server-sent events, in Cog's format."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from aiohttp import hdrs, web

from deepaas.protocols.cog.kept import APART_BYTES, ONLY_IN_WHOLE
from deepaas.protocols.cog.prediction import COMPLETED, LOG, OUTPUT, PROCESSING, START, Prediction
from deepaas.web import events
from deepaas.web.document import Document
from deepaas.web.events import MEDIA_TYPE, LongEvent
from deepaas.web.journal import FileRange


def wants_stream(request: web.Request) -> bool:
    accepted = request.headers.get(hdrs.ACCEPT, "")
    if MEDIA_TYPE not in accepted:
        return False
    return any(one.partition(";")[0].strip() == MEDIA_TYPE for one in accepted.split(","))


async def send(request: web.Request, prediction: Prediction) -> web.StreamResponse:
    return await _stream(request, _events(prediction))


async def send_again(
    request: web.Request, document: Document, *, streams: bool
) -> web.StreamResponse:
    """Send the events of a prediction that has ended, as far as they are stored.

    For a long one, that is only ``completed``, with everything that is stored.
    """
    return await _stream(request, _events_again(document, streams=streams))


async def _stream(request: web.Request, sent: AsyncIterator[LongEvent]) -> web.StreamResponse:
    # Clients cannot reconnect, and the host waits for the end of the stream.
    return await events.stream(
        request, sent, retry_ms=None, until_drain=False, content_type=MEDIA_TYPE
    )


async def _events(prediction: Prediction) -> AsyncIterator[LongEvent]:
    parts_count = 0
    kind = ""
    async for kind, data in prediction.events():
        yield _event(kind, data, parts_count, prediction)
        parts_count += kind == OUTPUT
    if kind != COMPLETED:  # The disk was full.
        yield LongEvent(COMPLETED, prediction.told().pieces)


async def _events_again(document: Document, *, streams: bool) -> AsyncIterator[LongEvent]:
    if document.size_bytes > APART_BYTES:
        yield LongEvent(COMPLETED, document.pieces)
        return
    whole = await asyncio.to_thread(document.whole)
    kept = msgspec.json.decode(whole, type=dict[str, msgspec.Raw])
    yield _of_json(START, {"id": kept["id"], "status": PROCESSING})
    parts: list[msgspec.Raw] = []
    if "output" in kept:
        output = kept["output"]
        parts = msgspec.json.decode(output, type=list[msgspec.Raw]) if streams else [output]
    for index, part in enumerate(parts):
        yield _of_json(OUTPUT, {"chunk": part, "index": index})
    for name in ONLY_IN_WHOLE:
        kept.pop(name, None)
    yield _of_json(COMPLETED, kept)


def _event(kind: str, data: bytes | FileRange, index: int, prediction: Prediction) -> LongEvent:
    pieces = prediction.journal.pieces
    if kind == COMPLETED:
        return LongEvent(kind, prediction.told().pieces)
    if kind == OUTPUT:
        return LongEvent(
            kind, lambda: itertools.chain((b'{"chunk":',), pieces(data), (b',"index":%d}' % index,))
        )
    if kind == START:
        return _of_json(kind, {"id": prediction.id, "status": PROCESSING})
    content = b"".join(pieces(data))
    if kind == LOG:
        return _of_json(kind, {"data": content.decode(), "source": "stdout"})
    return LongEvent(kind, lambda: iter((content,)))


def _of_json(kind: str, value: Any) -> LongEvent:
    content = msgspec.json.encode(value)
    return LongEvent(kind, lambda: iter((content,)))
