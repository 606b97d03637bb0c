"""A prediction as server-sent events: the values, metrics and log lines of the model.

Events are ``part`` (``{"index", "value"}``), ``log`` (text), ``metric`` (``{"name", "value",
"mode"}``) and ``progress`` (``{"step", "total", "message"}``), and at the end ``end``
(``{"parts_count"}``) or ``error``, with the body of the error response. Events that the client has
not read are kept on disk, not in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from deepaas.errors import DeepaasError, ModelFailed, StorageFull
from deepaas.messages import Answer, CallProgress, Measured, News, Part
from deepaas.web.as_json import as_json
from deepaas.web.document import Document
from deepaas.web.events import LongEvent, SentEvent, stream
from deepaas.web.journal import MAX_BYTES, Journal, TooMuch
from deepaas.workers.terms import Terms

PART, FILE, LOG, METRIC, PROGRESS = KINDS = ("part", "file", "log", "metric", "progress")

Predict = Callable[[Terms], Awaitable[Answer]]


async def send(request: web.Request, predict: Predict, folder: Path) -> web.StreamResponse:
    """Make a prediction and send its events; it is cancelled if the client disconnects.

    Raises:
        DeepaasError: it failed before the first event.
    """
    told = _Told(folder)
    task = asyncio.ensure_future(_predict(predict, told))
    try:
        first = asyncio.ensure_future(told.begins())
        await asyncio.wait((first, task), return_when=asyncio.FIRST_COMPLETED)
        if not first.done():
            first.cancel()
            task.result()
        return await stream(request, told.events(task), retry_ms=None, until_drain=False)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        told.leave()


async def _predict(predict: Predict, told: _Told) -> None:
    failed = asyncio.ensure_future(told.failed())
    call = asyncio.ensure_future(predict(Terms(streamed=True, listener=told)))
    try:
        await asyncio.wait((call, failed), return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            raise failed.result()
        answer = call.result()
        if answer.media_type:  # The model does not yield.
            told.notify(
                Part(answer.id, answer.media_type, answer.body, answer.path, answer.is_file)
            )
    finally:
        for waiting in (call, failed):
            waiting.cancel()
        await asyncio.gather(call, failed, return_exceptions=True)
        told.end()


class _Told:
    """The events of a prediction (workers.call.CallListener), and its files until they are sent."""

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(KINDS, folder)
        self._files: set[str] = set()
        self._files_bytes = 0
        self._began = asyncio.Event()
        self._problem: asyncio.Future[DeepaasError] = asyncio.get_running_loop().create_future()

    def begun(self) -> None:
        pass

    def printed(self, text: str) -> None:
        self._append(LOG, text.encode())

    def notify(self, news: News) -> None:
        if isinstance(news, CallProgress):
            self._append(PROGRESS, msgspec.json.encode(progress_json(news)))
        elif isinstance(news, Measured):
            noted = {"name": news.name, "value": msgspec.Raw(news.value), "mode": news.mode}
            self._append(METRIC, msgspec.json.encode(noted))
        elif news.path:
            self._files.add(news.path)
            self._files_bytes += Path(news.path).stat().st_size
            self._append(FILE, msgspec.msgpack.encode(news))
        else:
            self._append(PART, as_json(news).whole())

    async def begins(self) -> None:
        await self._began.wait()

    async def failed(self) -> DeepaasError:
        """Wait until an event cannot be stored; returns the error."""
        return await self._problem

    async def events(self, work: asyncio.Future[None]) -> AsyncIterator[SentEvent | LongEvent]:
        """All events from the first."""
        index = 0
        async for kind, data in self._journal.follow():
            pieces = Document(0, lambda data=data: self._journal.pieces(data))  # type: ignore[misc]
            if kind == LOG:
                yield SentEvent(LOG, pieces.whole().decode())
            elif kind in (METRIC, PROGRESS):
                yield SentEvent(kind, pieces.whole().decode())
            elif kind == PART:
                yield _part(index, pieces)
                index += 1
            else:
                part = msgspec.msgpack.decode(pieces.whole(), type=Part)
                yield _part(index, as_json(part))
                index += 1
                self._remove(part.path)
        await work
        yield SentEvent("end", msgspec.json.encode({"parts_count": index}).decode())

    def end(self) -> None:
        self._journal.end()

    def leave(self) -> None:
        """Remove what has not been sent."""
        self._journal.close()
        for path in list(self._files):
            self._remove(path)

    def _append(self, kind: str, data: bytes) -> None:
        try:
            self._journal.append(kind, data)
            if self._files_bytes > MAX_BYTES:
                raise TooMuch(f"more than {MAX_BYTES} bytes wait to be read by the client")
        except StorageFull as error:
            self._fail(error)
        except TooMuch as error:
            self._fail(ModelFailed(str(error)))
        self._began.set()

    def _fail(self, error: DeepaasError) -> None:
        if not self._problem.done():
            self._problem.set_result(error)

    def _remove(self, path: str) -> None:
        self._files.discard(path)
        file = Path(path)
        try:
            self._files_bytes -= file.stat().st_size
            file.unlink()
        except OSError:
            pass  # Its worker has exited, and its files were removed.


def progress_json(progress: CallProgress) -> dict[str, Any]:
    """As clients see it, like that of trainings."""
    return {"step": progress.step, "total": progress.total, "message": progress.message}


def _part(index: int, value: Document) -> LongEvent:
    def pieces() -> Iterator[bytes]:
        yield b'{"index":%d,"value":' % index
        yield from value.pieces()
        yield b"}"

    return LongEvent(PART, pieces)
