"""A prediction as server-sent events, in Cog's shapes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import msgspec
from aiohttp import hdrs, web

from deepaas.protocols.cog.kept import APART_BYTES, ONLY_IN_WHOLE
from deepaas.protocols.cog.prediction import COMPLETED, LOG, OUTPUT, PROCESSING, START, Prediction
from deepaas.web import bounded
from deepaas.web.document import Document
from deepaas.web.journal import Entry, Span

MEDIA_TYPE = "text/event-stream"
KEEP_ALIVE_SECONDS = 15.0

_HEADERS = {
    hdrs.CONTENT_TYPE: MEDIA_TYPE,
    hdrs.CACHE_CONTROL: "no-cache",
    # Asks nginx not to collect events before it passes them on.
    "X-Accel-Buffering": "no",
}
_COMMENT = b":\n\n"


def wants_stream(request: web.Request) -> bool:
    """Whether the client asks for events."""
    accepted = request.headers.get(hdrs.ACCEPT, "")
    if MEDIA_TYPE not in accepted:
        return False
    return any(one.partition(";")[0].strip() == MEDIA_TYPE for one in accepted.split(","))


async def send(request: web.Request, prediction: Prediction) -> web.StreamResponse:
    """Send all events of a prediction from its beginning on, until its end.

    Raises:
        ConnectionError, asyncio.CancelledError: the client has left.
    """
    response = web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    bounded.bound(request)
    events = prediction.events()
    parts_count = 0
    kind = ""
    following: asyncio.Future[Entry | None] | None = None
    try:
        while True:
            following = following or asyncio.ensure_future(_next(events))
            done, _ = await asyncio.wait((following,), timeout=KEEP_ALIVE_SECONDS)
            if not done:
                await bounded.send(request, response, _COMMENT)
                continue
            event = following.result()
            following = None
            if event is None:
                break
            kind = event[0]
            for piece in _encoded(event, parts_count, prediction):
                await bounded.send(request, response, piece)
            parts_count += event[0] == OUTPUT
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    if kind != COMPLETED:  # There was no space for it.
        for piece in _event(b"event: completed\ndata: ", prediction.told(), b""):
            await bounded.send(request, response, piece)
    await response.write_eof()
    return response


async def send_again(
    request: web.Request, document: Document, *, streams: bool
) -> web.StreamResponse:
    """Send the events of a prediction that has ended, as far as they are known.

    Of a long one that is ``completed`` alone, with all that is kept of it.

    Args:
        request: of the client.
        document: what is kept of the prediction.
        streams: whether its output came in parts.
    """
    response = web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    bounded.bound(request)
    if document.size_bytes > APART_BYTES:
        for piece in _event(b"event: completed\ndata: ", document, b""):
            await bounded.send(request, response, piece)
        await response.write_eof()
        return response
    whole = await asyncio.to_thread(document.whole)
    kept = msgspec.json.decode(whole, type=dict[str, msgspec.Raw])
    start = {"id": kept["id"], "status": PROCESSING}
    await bounded.send(
        request, response, b"event: start\ndata: " + msgspec.json.encode(start) + b"\n\n"
    )
    parts: list[msgspec.Raw] = []
    if "output" in kept:
        output = kept["output"]
        parts = msgspec.json.decode(output, type=list[msgspec.Raw]) if streams else [output]
    for index, part in enumerate(parts):
        data = msgspec.json.encode({"chunk": part, "index": index})
        await bounded.send(request, response, b"event: output\ndata: " + data + b"\n\n")
    for name in ONLY_IN_WHOLE:
        kept.pop(name, None)
    await bounded.send(
        request, response, b"event: completed\ndata: " + msgspec.json.encode(kept) + b"\n\n"
    )
    await response.write_eof()
    return response


async def _next(events: AsyncIterator[Entry]) -> Entry | None:
    return await anext(events, None)


def _encoded(event: Entry, index: int, prediction: Prediction) -> Iterator[bytes]:
    """An event as it is sent: one piece, or several of a large one."""
    kind, data = event
    head = b"event: " + kind.encode() + b"\ndata: "
    if kind == COMPLETED:
        yield from _event(head, prediction.told(), b"")
    elif kind == OUTPUT:
        tail = b',"index":%d}' % index
        head += b'{"chunk":'
        if isinstance(data, Span):
            chunk = Document(data.length, lambda: prediction.journal.pieces(data))
            yield from _event(head, chunk, tail)
        else:
            yield head + data + tail + b"\n\n"
    else:
        content = b"".join(prediction.journal.pieces(data))
        if kind == START:
            content = msgspec.json.encode({"id": prediction.id, "status": PROCESSING})
        elif kind == LOG:
            content = msgspec.json.encode({"data": content.decode(), "source": "stdout"})
        yield head + content + b"\n\n"


def _event(head: bytes, data: Document, tail: bytes) -> Iterator[bytes]:
    tail += b"\n\n"
    if data.size_bytes <= bounded.WAITING_BYTES:
        yield head + data.whole() + tail
        return
    yield head
    yield from data.pieces()
    yield tail
