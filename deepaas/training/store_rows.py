"""Converts runs to rows and back, and builds statements for the store."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Delete, Update, select, update

from deepaas.training.runs import CHANGES, RunProgress, State, TrainingRun
from deepaas.training.store_connection import StoreConnection
from deepaas.training.tables import RUNS

RUN = RUNS.c

LARGEST = 2**63 - 1
"""The largest number that both databases accept."""

_FIELDS = [field.name for field in dataclasses.fields(TrainingRun) if field.name != "progress"]
_STATE = _FIELDS.index("state")
_STATES = {state.value: state for state in State}

COLUMNS = [
    *(RUN[name] for name in _FIELDS),
    *(RUN.progress_step, RUN.progress_total, RUN.progress_message),
]


def run_of(row: Sequence[Any]) -> TrainingRun:
    *values, step, total, message = row
    values[_STATE] = _STATES[values[_STATE]]
    values.append(None if step is None else RunProgress(step, total, message))
    return TrainingRun(*values)


def row_of(run: TrainingRun) -> dict[str, Any]:
    row = {name: getattr(run, name) for name in _FIELDS}
    row["state"] = run.state.value
    for name in ("uuid", "model", "place", "owner", "message", "name"):
        row[name] = text_of(row[name])
    return {**row, **progress_of(run.progress)}


def progress_of(progress: RunProgress | None) -> dict[str, Any]:
    """Progress without a finite number of steps is ignored."""
    told = progress or RunProgress(math.nan)
    return {
        "progress_step": told.step if math.isfinite(told.step) else None,
        "progress_total": (
            told.total if told.total is not None and math.isfinite(told.total) else None
        ),
        "progress_message": text_of(told.message),
    }


def text_of(text: str) -> str:
    """Text that both databases accept: without NUL and unpaired surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def in_states(states: Collection[State]) -> list[ColumnElement[bool]]:
    values = sorted({state.value for state in states})
    if not values:
        return []
    return [RUN.state == values[0] if len(values) == 1 else RUN.state.in_(values)]


def running_on(host: str) -> list[ColumnElement[bool]]:
    return [RUN.state == State.RUNNING.value, RUN.owner == text_of(host)]


def change(old: State, new: State) -> Update:
    """An update with the previous state as condition; ``ValueError`` if it is not allowed."""
    if new not in CHANGES[old]:
        raise ValueError(f"the state of a run cannot change from {old.value} to {new.value}")
    return update(RUNS).where(RUN.state == old.value).values(state=new.value)


async def changed(connection: StoreConnection, query: Update | Delete) -> bool:
    """Run a statement; True if it changed rows."""
    return (await connection.execute(query)).rowcount > 0


async def one(connection: StoreConnection, model: str, uuid: str) -> TrainingRun | None:
    query = select(*COLUMNS).where(RUN.uuid == text_of(uuid), RUN.model == text_of(model))
    row = (await connection.execute(query)).first()
    return None if row is None else run_of(row)
