"""The part of the store for asynchronous predictions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, or_, select, update

from deepaas.training.records import INTERRUPTED, Record
from deepaas.training.store_connection import StoreConnection
from deepaas.training.store_database import Database
from deepaas.training.store_rows import LARGEST, changed, text_of
from deepaas.training.tables import PREDICTIONS, WEBHOOKS

ROW = PREDICTIONS.c

_NAMES = {field.name: field.name for field in dataclasses.fields(Record)} | {
    "id": "prediction_id",
    "number": "id",
}
_COLUMNS = [ROW[name] for name in _NAMES.values()]
_LISTED_NAMES = [name for name in _NAMES if name != "document"]
_LISTED = select(*(ROW[_NAMES[name]] for name in _LISTED_NAMES))
_TEXTS = ("model", "id", "place", "owner", "status", "file")


Records = list[Record]


class PredictionRows:
    """All methods raise ``StoreUnavailable``, and those that write also ``StorageFull``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, records: Sequence[Record]) -> list[str]:
        """Add new predictions, and record how others have ended, in one transaction.

        A new one replaces an ended one with the same model and id. Returns the files in the same
        state directory that are no longer needed.
        """
        async with self._database.writing() as connection:
            return [file for record in records for file in await _put(connection, record)]

    async def get(self, model: str, prediction_id: str) -> Record | None:
        query = select(*_COLUMNS).where(*_this(model, prediction_id))
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Record(*row)

    async def counts(self) -> dict[str, int]:
        """The number of predictions by model."""
        query = select(ROW.model, func.count()).group_by(ROW.model)
        async with self._database.reading() as connection:
            rows = await connection.execute(query)
        return {model: count for model, count in rows}  # noqa: C416 - rows are no pairs.

    async def newest(self, model: str, *, before: int | None, limit: int) -> Records:
        """Without documents; only those older than number ``before``."""
        query = _LISTED.where(ROW.model == text_of(model)).order_by(ROW.id.desc())
        if before is not None:
            query = query.where(ROW.id < min(before, LARGEST))
        return await self._listed(query.limit(limit))

    async def oldest_completed(
        self, place: str, *, keep_count: int | None, completed_before: float | None, limit: int
    ) -> Records:
        """Those beyond the last ``keep_count`` or ended before ``completed_before``, if given."""
        told = select(WEBHOOKS.c.id).where(
            WEBHOOKS.c.kind == "prediction",
            WEBHOOKS.c.model == ROW.model,
            WEBHOOKS.c.subject == ROW.prediction_id,
        )
        ended = (ROW.place == text_of(place), ROW.completed.is_not(None))
        reasons: list[ColumnElement[bool]] = []
        if completed_before is not None:
            reasons.append(ROW.completed < completed_before)
        if keep_count is not None:
            # Only the first that is not kept, instead of a list of those that are.
            last = select(ROW.completed, ROW.id).where(*ended)
            last = last.order_by(ROW.completed.desc(), ROW.id.desc()).offset(keep_count).limit(1)
            async with self._database.reading() as connection:
                found = (await connection.execute(last)).first()
            if found is not None:
                reasons.append(ROW.completed < found[0])
                reasons.append((ROW.completed == found[0]) & (ROW.id <= found[1]))
        if not reasons:
            return []
        # Those whose webhook has not been sent are kept.
        query = _LISTED.where(*ended, or_(*reasons), ~told.exists())
        query = query.order_by(ROW.completed, ROW.id)
        return await self._listed(query.limit(limit))

    async def forget(self, records: Sequence[Record]) -> None:
        numbers = [record.number for record in records]
        query = delete(PREDICTIONS).where(ROW.id.in_(numbers), ROW.completed.is_not(None))
        async with self._database.writing() as connection:
            await connection.execute(query)

    async def files(self, place: str) -> set[str]:
        query = select(ROW.file).where(ROW.place == text_of(place), ROW.file != "")
        async with self._database.reading() as connection:
            return set(await connection.scalars(query))

    async def _listed(self, query: Select[Any]) -> Records:
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [Record(**dict(zip(_LISTED_NAMES, row, strict=True))) for row in rows]


async def interrupt(connection: StoreConnection, host: str, now: float) -> None:
    """Mark the running predictions of a dead host as interrupted; in a transaction."""
    going = (ROW.owner == text_of(host), ROW.completed.is_(None))
    await connection.execute(
        update(PREDICTIONS).where(*going).values(status=INTERRUPTED, completed=now)
    )


def _this(model: str, prediction_id: str) -> list[ColumnElement[bool]]:
    return [ROW.model == text_of(model), ROW.prediction_id == text_of(prediction_id)]


async def _put(connection: StoreConnection, record: Record) -> list[str]:
    values = {_NAMES[name]: value for name, value in dataclasses.asdict(record).items()}
    del values["id"]
    for name in _TEXTS:
        values[_NAMES[name]] = text_of(values[_NAMES[name]])
    this = _this(record.model, record.id)
    files = select(ROW.file).where(*this, ROW.place == values["place"])
    files = files.where(ROW.file.not_in(["", values["file"]]))
    replaced = [*await connection.scalars(files)]
    if record.completed is None:
        await connection.execute(delete(PREDICTIONS).where(*this))
    elif await changed(connection, update(PREDICTIONS).where(*this).values(**values)):
        return replaced
    await connection.execute(insert(PREDICTIONS).values(**values))
    return replaced
