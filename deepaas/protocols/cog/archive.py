"""Predictions whose clients do not wait for them, kept beyond their end and that of the host.

Without the store, or while it does not answer, they are kept by this host as long as it lives.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from deepaas.errors import StorageFull, StoreUnavailable
from deepaas.protocols.cog.kept import Keeper, shortened
from deepaas.protocols.cog.prediction import Prediction
from deepaas.training.records import Record
from deepaas.training.retention import Keep
from deepaas.training.service import Trainings
from deepaas.web.document import Document

if TYPE_CHECKING:
    # SQLAlchemy takes longer to import than all the rest: see app.open_store.
    from deepaas.training.predictions import PredictionRows

_log = logging.getLogger(__name__)

WAIT_SECONDS = 5.0
"""So long a prediction waits for the store; then it goes on without."""

RETRY_SECONDS = 2.0
TIDY_SECONDS = 3.0
"""So long at least between two looks for those that need not be kept."""

IDLE_SECONDS = 60.0
TIDY_COUNT = 200
CLOSE_SECONDS = 5.0
NAMED_COUNT = 20
"""So many that are lost are named in the log."""

MEMORY_COUNT = 1000
"""So many ended predictions are kept for want of a store."""

Key = tuple[str, str]
T = TypeVar("T")


class Archive:
    """The asynchronous predictions of all models.

    Args:
        trainings: has the store and the state directory.
        keep: which of those that have ended are kept.
        durable: whether there is a store at all.
    """

    def __init__(self, trainings: Trainings, keep: Keep, *, durable: bool) -> None:
        self._trainings = trainings
        self._place = trainings.place
        self._keeper = Keeper(trainings.place, trainings.host)
        self._keep = keep
        self._durable = durable
        self._unsaved: dict[Key, Record] = {}
        self._inputs: dict[Key, str] = {}
        # Those that go on, as far as the store knows.
        self._open: set[Key] = set()
        # Those of the unsaved that are no more than the news of an end.
        self._short: set[Key] = set()
        self._writing: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._tried = asyncio.Event()
        self._away = False
        self._tidied = 0.0

    def start(self) -> None:
        """Begin to write, and to remove what need not be kept."""
        if self._durable:
            self._writing = asyncio.ensure_future(self._write())

    async def begun(self, prediction: Prediction) -> None:
        """Note that a prediction has come; the store is waited for, but not for long."""
        record = await self._keeper.record(prediction)
        if record.file:
            self._inputs[record.model, record.id] = record.file
        await self._enter(record)

    async def ended(self, prediction: Prediction) -> None:
        """Note how a prediction has ended."""
        record = await self._keeper.record(prediction)
        await self._enter(record)
        if file := self._inputs.pop((record.model, record.id), ""):
            await asyncio.to_thread(self._keeper.remove, file)

    async def get(self, model: str, prediction_id: str) -> tuple[Record, Document] | None:
        """A prediction that is kept, and what clients are told of it.

        Raises:
            StoreUnavailable: nobody can say now.
            Refusal: what there is to tell lies with a host of another state directory.
        """
        record = self._unsaved.get((model, prediction_id))
        if record is None:
            if not self._durable:
                return None
            rows = await self._rows()
            record = await _soon(rows.get(model, prediction_id))
        if record is None:
            return None
        try:
            return record, await asyncio.to_thread(self._keeper.document, record)
        except FileNotFoundError:
            return None  # It has just been removed.

    async def list(self, model: str, *, before: int | None, limit: int) -> list[Record]:
        """The newest predictions of a model that are kept.

        Args:
            model: its name.
            before: only those that came before the one of this number.
            limit: how many at most, of those in the store.

        Raises:
            StoreUnavailable: the store is there, but does not answer.
        """
        mine = [] if before is not None else [r for r in self._unsaved.values() if r.model == model]
        if not self._durable:
            return mine
        rows = await (await self._rows()).newest(model, before=before, limit=limit)
        known = {record.id for record in mine}
        return mine + [record for record in rows if record.id not in known]

    async def close(self) -> None:
        """Note the last, and stop."""
        if self._writing is None:
            return
        self._away = False
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._all_saved(), CLOSE_SECONDS)
        self._writing.cancel()
        await asyncio.gather(self._writing, return_exceptions=True)
        if self._unsaved:
            names = [f"{name} of {model}" for model, name in self._unsaved]
            _log.error(
                "%d predictions could not be kept in the store: %s%s",
                len(names),
                ", ".join(names[:NAMED_COUNT]),
                ", …" if len(names) > NAMED_COUNT else "",
            )

    async def _rows(self) -> PredictionRows:
        return (await _soon(self._trainings.store())).predictions

    # --- the store ---

    async def _enter(self, record: Record) -> None:
        key = record.model, record.id
        before = self._unsaved.get(key)
        self._unsaved[key] = record
        self._short.discard(key)
        if before is not None and before.file and record.completed is None:
            self._keeper.remove(before.file)
        if self._away or not self._durable:
            self._forget_unsaved()
        if not self._durable:
            return
        self._news.set()
        await self._trainings.settled()
        try:
            await asyncio.wait_for(self._saved(record), WAIT_SECONDS)
        except asyncio.TimeoutError:
            # The next ones need not wait.
            self._away = True

    async def _saved(self, record: Record) -> None:
        while self._unsaved.get((record.model, record.id)) is record and not self._away:
            await self._tried.wait()

    async def _all_saved(self) -> None:
        while self._unsaved and not self._away:
            await self._tried.wait()

    async def _write(self) -> None:
        """Write all that comes, together what comes together."""
        pause_seconds = TIDY_SECONDS
        while True:
            idle = False
            try:
                await asyncio.wait_for(self._news.wait(), pause_seconds)
            except asyncio.TimeoutError:
                idle = True
            # What has just ended is looked at soon, what grows old now and then.
            pause_seconds = IDLE_SECONDS if idle else TIDY_SECONDS
            self._news.clear()
            batch = dict(self._unsaved)
            try:
                rows = (await self._trainings.store()).predictions
                replaced = await rows.put([*batch.values()]) if batch else []
            except (StoreUnavailable, StorageFull) as error:
                if not self._away:
                    _log.error("%s; predictions are kept in this host meanwhile", error)
                await self._retry_later()
                continue
            except Exception:
                _log.exception("asynchronous predictions cannot be kept in the store")
                await self._retry_later()
                continue
            self._away = False
            for key, record in batch.items():
                if record.completed is None:
                    self._open.add(key)
                else:
                    self._open.discard(key)
                if self._unsaved.get(key) is record:
                    del self._unsaved[key]
                    self._short.discard(key)
            self._wake()
            for file in replaced:
                await asyncio.to_thread(self._keeper.remove, file)
            with contextlib.suppress(StoreUnavailable, StorageFull, OSError):
                await self._tidy(rows)

    async def _retry_later(self) -> None:
        self._away = True
        self._wake()
        await asyncio.sleep(RETRY_SECONDS)
        self._news.set()

    def _wake(self) -> None:
        # Whoever waits has the event from before; whoever looks from now on waits for the next.
        self._tried.set()
        self._tried = asyncio.Event()

    # --- what need not be kept ---

    async def _tidy(self, rows: PredictionRows) -> None:
        if time.monotonic() - self._tidied < TIDY_SECONDS:
            return
        if not self._tidied:
            known = await rows.files(self._place.id)
            await asyncio.to_thread(self._keeper.sweep, known)
        self._tidied = time.monotonic()
        before = None if self._keep.seconds is None else time.time() - self._keep.seconds
        while old := await rows.oldest_completed(
            self._place.id, keep_count=self._keep.count, completed_before=before, limit=TIDY_COUNT
        ):
            # The store first: a row without its file would be worse than the contrary.
            await rows.forget(old)
            for record in old:
                if record.file:
                    await asyncio.to_thread(self._keeper.remove, record.file)

    def _forget_unsaved(self) -> None:
        """Keep no more ended ones than there is room for, as the store does not take them."""
        ended = [
            (key, record)
            for key, record in self._unsaved.items()
            if record.completed is not None and key not in self._short
        ]
        count = MEMORY_COUNT if self._keep.count is None else min(MEMORY_COUNT, self._keep.count)
        before = 0.0 if self._keep.seconds is None else time.time() - self._keep.seconds
        for number, (key, record) in enumerate(ended, 1):
            if number > len(ended) - count and (record.completed or 0.0) >= before:
                continue
            if record.file:
                self._keeper.remove(record.file)
            if key in self._open:
                # The store must hear at least that it has ended.
                self._unsaved[key] = shortened(record)
                self._short.add(key)
            else:
                del self._unsaved[key]


async def _soon(asking: Coroutine[Any, Any, T]) -> T:
    """What the store answers.

    Raises:
        StoreUnavailable: nothing, within the time that a client should wait.
    """
    try:
        return await asyncio.wait_for(asking, WAIT_SECONDS)
    except asyncio.TimeoutError:
        raise StoreUnavailable("it does not answer in time") from None
