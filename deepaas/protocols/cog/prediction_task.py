"""One running prediction: its task, and the events of its model."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec

from deepaas.errors import InvalidArguments, QueueFull, QueueTimedOut, StorageFull
from deepaas.masks import Masks
from deepaas.messages import Answer, CallProgress, Measured, News, Part
from deepaas.protocols.cog.files import PredictionFiles
from deepaas.protocols.cog.prediction import CANCELED, FAILED, Prediction
from deepaas.protocols.cog.upload import NotUploaded
from deepaas.web.errors import no_space
from deepaas.web.journal import TooMuch

_log = logging.getLogger(__name__)


class PredictionTask:
    """One running prediction.

    Attributes:
        refused: why it was rejected, or None.
        noted: set when it is in the archive, if it is stored there.
        over: set when it has ended and been cleaned up.
    """

    def __init__(self, prediction: Prediction, files: PredictionFiles, masks: Masks) -> None:
        self._masks = masks
        self.prediction = prediction
        self._urls = files
        self.refused: InvalidArguments | QueueFull | QueueTimedOut | StorageFull | None = None
        self.noted = asyncio.Event()
        self.over = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self._stopped = False
        # Created for the first file: most predictions have none.
        self._files: asyncio.Queue[Part] | None = None
        self._reading: asyncio.Task[None] | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[Any]:
        self._task = asyncio.ensure_future(work)
        return self._task

    async def see_through(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` in the current task, which saves three cycles of the event loop.

        ``work`` ends the prediction, also when it is cancelled.

        Raises:
            asyncio.CancelledError: the client has left, so it was stopped.
        """
        task = self._task = asyncio.current_task()
        await work
        self._task = None
        if self._stopped:
            # The prediction was cancelled, not the task that waits for it.
            if task is not None and sys.version_info >= (3, 11):
                task.uncancel()
        elif self.prediction.status == CANCELED:
            raise asyncio.CancelledError

    def cancel(self) -> None:
        if self._task is not None and not self.prediction.ended:
            self._stopped = True
            self._task.cancel()

    def fail(self, error: str, *, is_cut_off: bool = False) -> None:
        """End it with an error that is not from the model."""
        self.cancel()
        self.prediction.end(FAILED, error=error, is_cut_off=is_cut_off)

    # --- events of the model (workers.call.CallListener) ---

    def begun(self) -> None:
        with _Failing(self):
            self.prediction.begin()

    def printed(self, text: str) -> None:
        with _Failing(self):
            self.prediction.add_log(self._masks.text(text))

    def notify(self, news: News) -> None:
        if isinstance(news, CallProgress):  # The API has no place for it.
            return
        if isinstance(news, Measured):
            with _Failing(self):
                self.prediction.add_metric(news.name, msgspec.json.decode(news.value), news.mode)
            return
        if self._files is None:
            value = self._urls.inline(news)
            if value is not None:
                with _Failing(self):
                    self.prediction.add_part(value)
                return
            self._files = asyncio.Queue()
            self._reading = asyncio.ensure_future(self._read(self._files))
        # From the first file on, all parts take this way, to keep their order.
        self._files.put_nowait(news)

    async def add(self, news: Answer | Part) -> None:
        """``OSError``, ``NotUploaded`` or ``TooMuch`` if it cannot be stored."""
        value = self._urls.inline(news)
        if value is not None:
            self.prediction.add_part(value)
        else:
            await self.prediction.add_output(await self._urls.told(news, self.prediction.id))

    async def read(self) -> None:
        """Wait until all parts have been added to the prediction."""
        if self._files is not None:
            await self._files.join()

    async def leave(self) -> None:
        """Remove the files of parts that were not read."""
        if self._files is None or self._reading is None:
            return
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        while not self._files.empty():
            remove(self._files.get_nowait())

    async def _read(self, files: asyncio.Queue[Part]) -> None:
        while True:
            news = await files.get()
            try:
                with _Failing(self):
                    await self.add(news)
            finally:
                remove(news)
                files.task_done()


class _Failing:
    """Ends the prediction if something cannot be stored."""

    def __init__(self, going: PredictionTask) -> None:
        self._going = going

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> bool:
        if error is None:
            return False
        full = error if isinstance(error, StorageFull) else no_space(error)
        if full is not None:
            self._going.refused = full
            self._going.fail(full.message)
        elif isinstance(error, TooMuch):
            self._going.fail(str(error))
        elif isinstance(error, NotUploaded):
            self._going.fail(f"part of the output is lost: {error}")
        elif isinstance(error, OSError):
            _log.error("part of the output of a prediction is lost: %s", error)
            self._going.fail("part of the output is lost: see the host's log")
        else:
            return False
        return True


def remove(news: Answer | Part) -> None:
    if news.path:
        Path(news.path).unlink(missing_ok=True)
