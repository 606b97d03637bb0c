"""One prediction that goes on: what works on it, and what the model tells of it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec

from deepaas.errors import InvalidArguments, QueueFull, StorageFull
from deepaas.masks import Masks
from deepaas.messages import Answer, Measured, Part
from deepaas.protocols.cog.files import PredictionFiles
from deepaas.protocols.cog.prediction import CANCELED, FAILED, Prediction
from deepaas.protocols.cog.upload import NotUploaded
from deepaas.web.errors import no_space
from deepaas.web.journal import TooMuch

_log = logging.getLogger(__name__)


class PredictionTask:
    """One prediction that goes on.

    Attributes:
        refused: why the model would not have it, if it would not.
        noted: set when it is in the archive, if it is to be there.
        over: set when it has ended, and nothing of it is left to do.
    """

    def __init__(self, prediction: Prediction, files: PredictionFiles, masks: Masks) -> None:
        self._masks = masks
        self.prediction = prediction
        self._urls = files
        self.refused: InvalidArguments | QueueFull | StorageFull | None = None
        self.noted = asyncio.Event()
        self.over = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self._stopped = False
        # Made when the first comes: most predictions have none.
        self._files: asyncio.Queue[Part] | None = None
        self._reading: asyncio.Task[None] | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[Any]:
        self._task = asyncio.ensure_future(work)
        return self._task

    async def see_through(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it here: a task of its own takes three more rounds of the event loop.

        ``work`` ends the prediction, also when it is cancelled.

        Raises:
            asyncio.CancelledError: who waits for it has left, and so it was stopped.
        """
        task = self._task = asyncio.current_task()
        await work
        self._task = None
        if self._stopped:
            # It was this prediction that was cancelled, not who waits for it.
            if task is not None and sys.version_info >= (3, 11):
                task.uncancel()
        elif self.prediction.status == CANCELED:
            raise asyncio.CancelledError

    def cancel(self) -> None:
        if self._task is not None and not self.prediction.ended:
            self._stopped = True
            self._task.cancel()

    def fail(self, error: str, *, is_cut_off: bool = False) -> None:
        """End it, for a reason that is not the model's."""
        self.cancel()
        self.prediction.end(FAILED, error=error, is_cut_off=is_cut_off)

    # --- what the model tells (workers.call.CallListener) ---

    def begun(self) -> None:
        with _Failing(self):
            self.prediction.begin()

    def printed(self, text: str) -> None:
        with _Failing(self):
            self.prediction.add_log(self._masks.text(text))

    def notify(self, news: Part | Measured) -> None:
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
        # From the first one in a file on all of them go this way, so that they keep their order.
        self._files.put_nowait(news)

    async def add(self, news: Answer | Part) -> None:
        """``OSError``, ``NotUploaded`` or ``TooMuch`` if it cannot be kept."""
        value = self._urls.inline(news)
        if value is not None:
            self.prediction.add_part(value)
        else:
            await self.prediction.add_output(await self._urls.told(news, self.prediction.id))

    async def read(self) -> None:
        """Wait until all parts that were told are in the prediction."""
        if self._files is not None:
            await self._files.join()

    async def leave(self) -> None:
        """Remove what nobody has read."""
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
    """Whatever cannot be kept ends the prediction."""

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
            self._going.fail(f"a part of the output is lost: {error}")
        elif isinstance(error, OSError):
            _log.error("a part of a prediction is lost: %s", error)
            self._going.fail("a part of the output is lost, see the host's log")
        else:
            return False
        return True


def remove(news: Answer | Part) -> None:
    if news.path:
        Path(news.path).unlink(missing_ok=True)
