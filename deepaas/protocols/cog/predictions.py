"""The predictions that go on, from their input to their end."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from deepaas.errors import DeepaasError, InvalidArguments, QueueFull, WorkerDied
from deepaas.messages import Answer, Inputs, Measured, Part
from deepaas.model.handle import Model
from deepaas.protocols.cog.archive import Archive
from deepaas.protocols.cog.files import BadFile, Files
from deepaas.protocols.cog.inputs import is_long, to_inputs
from deepaas.protocols.cog.kept import GONE
from deepaas.protocols.cog.prediction import CANCELED, FAILED, SUCCEEDED, Prediction
from deepaas.protocols.cog.upload import NotUploaded
from deepaas.web.journal import TooMuch
from deepaas.web.uploads import Scratch, Uploads
from deepaas.workers.terms import Terms

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What a client wants of a model.

    Attributes:
        given: the input, as it came.
        files: which of its values are files.
        context: what it tells the model besides.
        kept: whether it does not wait for the result, which is kept for it.
    """

    given: dict[str, Any]
    files: frozenset[str]
    context: dict[str, str]
    kept: bool = False


class Going:
    """One prediction that goes on.

    Attributes:
        prediction: how far it is.
        refused: why the model would not have it, if it would not.
        noted: set when it is in the archive, if it is to be there.
        over: set when it has ended, and nothing of it is left to do.

    Args:
        prediction: how far it is.
        files: makes URLs of those that the model gives.
    """

    def __init__(self, prediction: Prediction, files: Files) -> None:
        self.prediction = prediction
        self._urls = files
        self.refused: InvalidArguments | QueueFull | None = None
        self.noted = asyncio.Event()
        self.over = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self._stopped = False
        # Made when the first comes: most predictions have none.
        self._files: asyncio.Queue[Part] | None = None
        self._reading: asyncio.Task[None] | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it, in the background."""
        self._task = asyncio.ensure_future(work)

    async def see_through(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it here: a task of its own would cost as much as the rest.

        Args:
            work: ends the prediction, also when it is cancelled.

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
        """Have it stop."""
        if self._task is not None and not self.prediction.ended:
            self._stopped = True
            self._task.cancel()

    def fail(self, error: str) -> None:
        """End it, for a reason that is not the model's."""
        self.cancel()
        self.prediction.end(FAILED, error=error)

    # --- what the model tells (workers.call.Listener) ---

    def begun(self) -> None:
        with _Failing(self):
            self.prediction.begin()

    def printed(self, text: str) -> None:
        with _Failing(self):
            self.prediction.add_log(text)

    def told(self, news: Part | Measured) -> None:
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
        """Note what the model has answered or yielded.

        Raises:
            OSError, NotUploaded, TooMuch: it cannot be kept.
        """
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
            _remove(self._files.get_nowait())

    async def _read(self, files: asyncio.Queue[Part]) -> None:
        while True:
            news = await files.get()
            try:
                with _Failing(self):
                    await self.add(news)
            finally:
                _remove(news)
                files.task_done()


class _Failing:
    """Whatever cannot be kept ends the prediction."""

    def __init__(self, going: Going) -> None:
        self._going = going

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> bool:
        if isinstance(error, TooMuch):
            self._going.fail(str(error))
        elif isinstance(error, (OSError, NotUploaded)):
            self._going.fail(f"a part of the output is lost: {error}")
        else:
            return False
        return True


class Predictions:
    """All predictions that go on.

    Args:
        uploads: gives each call a folder for its files.
        files: gets and sends them.
        archive: keeps those that nobody waits for.
        counting: entered as long as one goes on for which nobody waits.
    """

    def __init__(
        self,
        uploads: Uploads,
        files: Files,
        archive: Archive,
        counting: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._uploads = uploads
        self._files = files
        self._archive = archive
        self._counting = counting
        self._going: dict[str, dict[str, Going]] = {}

    def of(self, model: str) -> Mapping[str, Going]:
        """Those of a model that go on, by their ids, now and later."""
        return self._going.setdefault(model, {})

    def start(self, prediction: Prediction, model: Model, wanted: Wanted) -> Going:
        """Begin one; it goes on by itself.

        Args:
            prediction: its life, at its beginning.
            model: what does it.
            wanted: what its client wants.
        """
        going = self._enter(prediction)
        going.start(self._run(going, model, wanted))
        return going

    async def make(self, prediction: Prediction, model: Model, wanted: Wanted) -> Going:
        """See one through, from its beginning to its end.

        Raises:
            asyncio.CancelledError: who waits for it has left, and so it was stopped.
        """
        going = self._enter(prediction)
        await going.see_through(self._run(going, model, wanted))
        return going

    async def close(self) -> None:
        """End all that still go on."""
        going = [each for model in self._going.values() for each in model.values()]
        for each in going:
            each.fail(GONE)
        await asyncio.gather(*(each.over.wait() for each in going))
        await self._files.close()

    def _enter(self, prediction: Prediction) -> Going:
        going = Going(prediction, self._files)
        self._going.setdefault(prediction.model, {})[prediction.id] = going
        return going

    async def _run(self, going: Going, model: Model, wanted: Wanted) -> None:
        try:
            if wanted.kept:
                with self._counting():
                    await self._keep(going, model, wanted)
            else:
                await self._see_through(going, model, wanted)
        except asyncio.CancelledError:
            pass  # It came after the end, or in the middle of it.
        finally:
            going.prediction.end(CANCELED)
            del self._going[going.prediction.model][going.prediction.id]
            going.noted.set()
            going.over.set()

    async def _keep(self, going: Going, model: Model, wanted: Wanted) -> None:
        """Make one whose client does not wait."""
        try:
            await self._archive.begun(going.prediction)
        except asyncio.CancelledError:
            going.prediction.end(CANCELED)
        else:
            going.noted.set()
            await self._see_through(going, model, wanted)
        await self._archive.ended(going.prediction)

    async def _see_through(self, going: Going, model: Model, wanted: Wanted) -> None:
        """Make one; it has ended when this returns, however."""
        prediction = going.prediction
        try:
            await self._predict(going, model, wanted)
            await going.read()
            prediction.end(SUCCEEDED)
        except asyncio.CancelledError:
            prediction.end(CANCELED)
        except BadFile as error:
            prediction.end(FAILED, error=f"Input validation error: {error}")
        except (InvalidArguments, QueueFull) as error:
            going.refused = error
            prediction.end(FAILED, error=_said(error))
        except DeepaasError as error:
            await going.read()
            _log.info(
                "prediction %s of model %r failed: %s", prediction.id, model.name, error.message
            )
            prediction.end(FAILED, error=_said(error))
        except (NotUploaded, TooMuch) as error:
            prediction.end(FAILED, error=str(error))
        except Exception:
            _log.exception(
                "prediction %s of model %r failed in the host", prediction.id, model.name
            )
            prediction.end(FAILED, error="the host has made a mistake")
        finally:
            await going.leave()

    async def _predict(self, going: Going, model: Model, wanted: Wanted) -> None:
        description = await model.described()
        prediction = going.prediction
        terms = Terms(
            streamed=prediction.streams, bare=True, context=wanted.context, listener=going
        )
        async with self._uploads.scratch() as scratch:
            plain, uploads = await self._files.received(wanted.given, wanted.files, scratch)
            inputs = to_inputs(plain, uploads, description.predict.places)
            inputs = await stored(inputs, scratch)
            answer = await model.predict(inputs, prediction.id, terms)
            try:
                if not prediction.streams:
                    await going.add(answer)
            finally:
                _remove(answer)


def _remove(news: Answer | Part) -> None:
    if news.path:
        Path(news.path).unlink(missing_ok=True)


async def stored(inputs: Inputs, scratch: Scratch) -> Inputs:
    """Inputs whose body lies in a file, where it is too long for a message."""
    if not is_long(inputs):
        return inputs
    path = scratch.path / "input.json"
    await asyncio.to_thread(path.write_bytes, inputs.body)
    return msgspec.structs.replace(inputs, body=b"", body_path=str(path))


def _said(error: DeepaasError) -> str:
    """What becomes of a prediction by an error of the host."""
    if isinstance(error, WorkerDied):
        return f"Worker crashed: {error.message}"
    if isinstance(error, InvalidArguments):
        return f"Input validation error: {msgspec.json.encode(error.fields).decode()}"
    return f"Prediction failed: {error.message}"
