"""Stores asynchronous predictions after their end and that of the host.

Without the store, or while it is unavailable, this host keeps them in memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from deepaas.errors import StorageFull, StoreUnavailable
from deepaas.predictions.kept import Keeper, Snapshot, Wording
from deepaas.training.records import Record
from deepaas.training.retention import Keep
from deepaas.training.service import Trainings
from deepaas.training.write_behind import WAIT_SECONDS, Looks, WriteBehind
from deepaas.web.document import Document

if TYPE_CHECKING:
    # SQLAlchemy takes longer to import than all the rest: see app.open_store.
    from deepaas.training.predictions import PredictionRows

_log = logging.getLogger(__name__)

TIDY_SECONDS = 3.0
"""Minimum time between two searches for old predictions."""

IDLE_SECONDS = 60.0
TIDY_COUNT = 200
NAMED_COUNT = 20

MEMORY_COUNT = 1000
"""How many ended predictions are kept in memory."""

Key = tuple[str, str]
T = TypeVar("T")


class Archive:
    """The asynchronous predictions of all models. `durable`: whether there is a store."""

    def __init__(
        self, trainings: Trainings, keep: Keep, wording: Wording, *, durable: bool
    ) -> None:
        self._trainings = trainings
        self._place = trainings.directory
        self._keeper = Keeper(trainings.directory, trainings.host, wording)
        self._keep = keep
        self._durable = durable
        self._unsaved: dict[Key, Record] = {}
        self._inputs: dict[Key, str] = {}
        # Those that are running according to the store.
        self._open: set[Key] = set()
        # Unsaved records that only contain the end.
        self._short: set[Key] = set()
        self._tidied = 0.0
        self._replaced: list[str] = []
        self._writing = WriteBehind(
            self._write,
            what="asynchronous predictions",
            meanwhile="predictions are kept in memory",
            afterwards=self._clean,
            # Recently ended ones are checked soon, old ones now and then.
            looks=Looks(TIDY_SECONDS, IDLE_SECONDS),
        )

    def start(self) -> None:
        if self._durable:
            self._writing.start()

    async def begun(self, snapshot: Snapshot) -> None:
        """Waits for the store, for a limited time."""
        record = await self._keeper.record(snapshot)
        if record.file:
            self._inputs[record.model, record.id] = record.file
        await self._enter(record)

    async def ended(self, snapshot: Snapshot) -> None:
        record = await self._keeper.record(snapshot)
        await self._enter(record)
        if file := self._inputs.pop((record.model, record.id), ""):
            await asyncio.to_thread(self._keeper.remove, file)

    async def get(self, model: str, prediction_id: str) -> tuple[Record, Document] | None:
        """Raises ``StoreUnavailable``, or the exception from ``Wording.elsewhere``."""
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
            return None  # Just removed.

    async def list(self, model: str, *, before: int | None, limit: int) -> list[Record]:
        """The newest ones, older than number `before`. Raises ``StoreUnavailable``."""
        mine = [] if before is not None else [r for r in self._unsaved.values() if r.model == model]
        if not self._durable:
            return mine
        rows = await (await self._rows()).newest(model, before=before, limit=limit)
        known = {record.id for record in mine}
        return mine + [record for record in rows if record.id not in known]

    async def close(self) -> None:
        await self._writing.close(lambda: not self._unsaved, once_more=True)
        if self._durable and self._unsaved:
            names = [f"{name} of {model}" for model, name in self._unsaved]
            _log.error(
                "%d predictions could not be written to the database: %s%s",
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
        if self._writing.is_away or not self._durable:
            self._forget_unsaved()
        if not self._durable:
            return
        self._writing.wake()
        await self._trainings.settled()
        await self._writing.until(lambda: self._unsaved.get(key) is not record)

    async def _write(self) -> None:
        batch = dict(self._unsaved)
        rows = (await self._trainings.store()).predictions
        self._replaced = await rows.put([*batch.values()]) if batch else []
        for key, record in batch.items():
            if record.completed is None:
                self._open.add(key)
            else:
                self._open.discard(key)
            if self._unsaved.get(key) is record:
                del self._unsaved[key]
                self._short.discard(key)

    async def _clean(self) -> None:
        for file in self._replaced:
            await asyncio.to_thread(self._keeper.remove, file)
        with contextlib.suppress(StoreUnavailable, StorageFull, OSError):
            await self._tidy((await self._trainings.store()).predictions)

    # --- retention ---

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
            # The store first, because a file without a row is better than a row without a file.
            await rows.forget(old)
            for record in old:
                if record.file:
                    await asyncio.to_thread(self._keeper.remove, record.file)

    def _forget_unsaved(self) -> None:
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
                # The store must at least record that it has ended.
                self._unsaved[key] = self._keeper.shortened(record)
                self._short.add(key)
            else:
                del self._unsaved[key]


async def _soon(asking: Coroutine[Any, Any, T]) -> T:
    """``StoreUnavailable`` if it takes longer than a client should wait."""
    try:
        return await asyncio.wait_for(asking, WAIT_SECONDS)
    except asyncio.TimeoutError:
        raise StoreUnavailable("it does not respond") from None
