"""Streams the parts of a text that a model yields; unread parts are kept on disk."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from deepaas.errors import DeepaasError, ModelFailed, StorageFull
from deepaas.messages import Answer, News, Part
from deepaas.web.document import of_file
from deepaas.web.events import LongEvent
from deepaas.web.journal import Journal, TooMuch
from deepaas.web.uploads import Scratch

_PART = "part"


class TextStream:
    """One stream (a ``workers.call.CallListener``)."""

    def __init__(self, scratch: Scratch) -> None:
        self._journal = Journal((_PART,), scratch.path)
        self._began = asyncio.Event()
        self._trouble: DeepaasError | None = None

    def begun(self) -> None:
        pass

    def printed(self, text: str) -> None:
        pass

    def notify(self, news: News) -> None:
        if isinstance(news, Part):
            self._append(news)

    def _append(self, news: Part | Answer) -> None:
        try:
            if news.path:
                file = Path(news.path)
                self._journal.append(_PART, of_file(file).whole())
                file.unlink()
            else:
                self._journal.append(_PART, news.body)
        except StorageFull as error:
            self._fail(error)
        except TooMuch as error:
            self._fail(ModelFailed(str(error)))
        self._began.set()

    def _fail(self, error: DeepaasError) -> None:
        self._trouble = error
        self._journal.end()

    async def begins(self, call: asyncio.Future[Answer]) -> None:
        """Wait for the first part; raises the error of a call that ended before it."""
        first = asyncio.ensure_future(self._began.wait())
        try:
            await asyncio.wait((first, call), return_when=asyncio.FIRST_COMPLETED)
        finally:
            first.cancel()
        if call.done() and not self._began.is_set():
            self._last(call)

    async def events(self, call: asyncio.Future[Answer]) -> AsyncIterator[LongEvent]:
        """All parts from the first, as JSON; then raises the error of the call, if any."""
        call.add_done_callback(lambda _: self._journal.end())
        async for _, data in self._journal.follow():
            yield LongEvent("", lambda data=data: self._journal.pieces(data))  # type: ignore[misc]
        if self._trouble is not None:
            raise self._trouble
        call.result()

    def _last(self, call: asyncio.Future[Answer]) -> None:
        """The result of a model that does not yield is the only part."""
        answer = call.result()
        if answer.media_type:
            self._append(answer)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._journal.close()
