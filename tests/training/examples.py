"""Runs for tests, and statements past the store."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from sqlalchemy import text

from deepaas.training.runs import RunOutcome, State, TrainingRun
from deepaas.training.store import Store
from deepaas.training.store_database import Database

MODEL = "model"
PLACE = "place"
HOST = "host"


def a_run(**fields: Any) -> TrainingRun:
    """A run that waits."""
    given = {"model": MODEL, "place": PLACE, "state": State.QUEUED, "created": 1.5, "args": b"{}"}
    return TrainingRun(uuid=uuid.uuid4().hex, **{**given, **fields})


async def added(store: Store, **fields: Any) -> TrainingRun:
    """A run that waits, in the store."""
    run = a_run(**fields)
    await store.add(run)
    return run


async def run_in(
    store: Store, state: State, *, host: str = HOST, finished: float = 9.0
) -> TrainingRun:
    """A run in the given state, brought there by the store's own methods; no other may wait."""
    run = await added(store)
    if state is not State.QUEUED:
        claimed = await store.claim(host, PLACE, [MODEL], 2.5)
        assert claimed and claimed.uuid == run.uuid
    if state.final:
        assert await store.finish(run.uuid, host, RunOutcome(state, finished, "why", b"1", True))
    found = await store.get(MODEL, run.uuid)
    assert found and found.state is state
    return found


async def execute(url: str, *statements: str) -> list[Any]:
    """Run statements past the store; the rows of the last one."""
    database = Database(url)
    try:
        async with database.writing() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        await database.close()


def sqlite_url(path: Path) -> str:
    """The URL of a file."""
    return f"sqlite+aiosqlite:///{path}"
