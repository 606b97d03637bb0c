"""The store: every run from its request until it is removed.

Every change of a run's state is one ``UPDATE`` with the previous state as a condition: if two hosts
change the same run, one of them changes no rows. So hosts need no lock between them.

A connection can be lost between a change and its confirmation. Then the caller gets
``StoreUnavailable`` and cannot know; repeating the change may report that there was nothing to
change. Only ``get`` and ``owned`` give the actual state.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Sequence

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    union,
    update,
)

from deepaas.errors import ConfigError
from deepaas.training.changes import Changes
from deepaas.training.migrate import migrate, migrate_apart
from deepaas.training.predictions import PredictionRows, interrupt
from deepaas.training.runs import FINAL, Peer, RunOutcome, RunProgress, State, TrainingRun
from deepaas.training.shared_reads import SharedReads
from deepaas.training.store_database import Database
from deepaas.training.store_rows import (
    COLUMNS,
    LARGEST,
    RUN,
    change,
    changed,
    in_states,
    one,
    progress_of,
    row_of,
    run_of,
    running_on,
    text_of,
)
from deepaas.training.tables import HOSTS, PREDICTIONS, RUNS, WEBHOOKS
from deepaas.training.webhook_rows import WebhookRows

# Inside the class, ``list`` is its method.
Runs = list[TrainingRun]
Peers = list[Peer]
Names = list[str]
Conditions = list[ColumnElement[bool]]

PAGE_SIZE = 500


class Store:
    """All methods raise ``StoreUnavailable``, and those that write ``StorageFull``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.predictions = PredictionRows(database)
        self.webhooks = WebhookRows(database)
        self.changes = Changes()
        self._reads = SharedReads(self._read)

    @classmethod
    async def open(cls, url: str) -> Store:
        """``ConfigError``: the URL is invalid, or the database is from a newer version."""
        database = Database(url)
        try:
            await migrate_apart(database, url)
            await migrate(database)
            with database.translated():
                database.remember()
        except (TypeError, ValueError) as error:
            # The driver rejects an option in the URL.
            await database.close()
            raise ConfigError(f"database-url {database.name!r} does not work: {error}") from error
        except BaseException:
            await database.close()
            raise
        return cls(database)

    async def close(self) -> None:
        await self._reads.close()
        await self._database.close()

    # --- runs ---------------------------------------------------------------------------------

    async def add(
        self, run: TrainingRun, queue_size: int | None = None, models: Collection[str] = ()
    ) -> bool:
        """False if too many runs of these models are queued. ``ValueError``: not ``QUEUED``."""
        if run.state is not State.QUEUED:
            raise ValueError(f"a new run must be queued, not {run.state.value}")
        async with self._database.writing() as connection:
            if queue_size is not None:
                waiting = select(func.count()).where(*_waiting(run.place, models))
                if (await connection.execute(waiting)).scalar_one() >= queue_size:
                    return False
            await connection.execute(insert(RUNS).values(row_of(run)))
        return True

    async def get(self, model: str, uuid: str) -> TrainingRun | None:
        run = await self._reads.get(text_of(uuid))
        return run if run is not None and run.model == text_of(model) else None

    async def _read(self, uuids: Sequence[str]) -> dict[str, TrainingRun]:
        query = select(*COLUMNS).where(RUN.uuid.in_(uuids))
        async with self._database.reading() as connection:
            found = [run_of(row) for row in await connection.execute(query)]
        return {run.uuid: run for run in found}

    async def list(
        self,
        model: str,
        *,
        states: Collection[State] = (),
        limit: int | None = None,
        offset: int = 0,
        newest_first: bool = False,
    ) -> Runs:
        """Runs in the order in which they were added; all if no states are given."""
        query = select(RUN.id, *COLUMNS).where(RUN.model == text_of(model), *in_states(states))
        query = query.order_by(RUN.id.desc() if newest_first else RUN.id)
        left = LARGEST if limit is None else limit
        start = query.offset(min(offset, LARGEST)) if offset else query
        runs: Runs = []
        async with self._database.reading() as connection:
            while left > 0:
                # In pages, because a long list would block the event loop.
                size = min(left, PAGE_SIZE)
                rows = (await connection.execute(start.limit(size))).all()
                runs += [run_of(row[1:]) for row in rows]
                if len(rows) < size:
                    break
                left -= size
                last = rows[-1][0]
                start = query.where(RUN.id < last if newest_first else RUN.id > last)
        return runs

    async def count(
        self,
        model: str | None = None,
        *,
        place: str | None = None,
        states: Collection[State] = (),
    ) -> int:
        """The number of runs of a model, place and states, or of all."""
        query = select(func.count()).select_from(RUNS).where(*in_states(states))
        if model is not None:
            query = query.where(RUN.model == text_of(model))
        if place is not None:
            query = query.where(RUN.place == text_of(place))
        async with self._database.reading() as connection:
            count: int = (await connection.execute(query)).scalar_one()
        return count

    async def counts(self, states: Collection[State]) -> dict[tuple[str, str], int]:
        """The number of runs by model and state."""
        query = select(RUN.model, RUN.state, func.count()).where(*in_states(states))
        async with self._database.reading() as connection:
            rows = await connection.execute(query.group_by(RUN.model, RUN.state))
        return {(model, state): count for model, state, count in rows}

    async def claim(
        self, host: str, place: str, models: Collection[str], now: float
    ) -> TrainingRun | None:
        """Claim the oldest queued run of these models here; no other host gets it."""
        run = await self._claim(host, place, models, now)
        if run is not None:
            self.changes.note(run.uuid)
        return run

    async def _claim(
        self, host: str, place: str, models: Collection[str], now: float
    ) -> TrainingRun | None:
        oldest = select(RUN.id, *COLUMNS).where(*_waiting(place, models)).order_by(RUN.id).limit(1)
        async with self._database.writing() as connection:
            while row := (await connection.execute(oldest)).first():
                taking = change(State.QUEUED, State.RUNNING).where(RUN.id == row[0])
                taking = taking.values(owner=text_of(host), started=now)
                if await changed(connection, taking):
                    run = run_of(row[1:])
                    return dataclasses.replace(
                        run, state=State.RUNNING, owner=text_of(host), started=now
                    )
                # Another host was faster, or it was cancelled: try the next one.
        return None

    async def request_cancel(
        self, model: str, uuid: str, now: float, reason: str = ""
    ) -> TrainingRun | None:
        """Cancel a queued run; mark a running one as to be cancelled; ignore ended ones."""
        this = (RUN.uuid == text_of(uuid), RUN.model == text_of(model))
        async with self._database.writing() as connection:
            waiting = change(State.QUEUED, State.CANCELLED).where(*this)
            waiting = waiting.values(finished=now, cancel_requested=now, message=text_of(reason))
            if not await changed(connection, waiting):
                running = update(RUNS).where(*this, RUN.state == State.RUNNING.value)
                running = running.where(RUN.cancel_requested.is_(None))
                await connection.execute(running.values(cancel_requested=now))
            found = await one(connection, model, uuid)
        self.changes.note(uuid)
        return found

    async def finish(self, uuid: str, host: str, outcome: RunOutcome) -> bool:
        """False if it is not running on this host. ``ValueError``: the outcome is not final."""
        ending = change(State.RUNNING, outcome.state)
        ending = ending.where(RUN.uuid == text_of(uuid), RUN.owner == text_of(host))
        async with self._database.writing() as connection:
            ended = await changed(
                connection,
                ending.values(
                    finished=outcome.finished,
                    message=text_of(outcome.message),
                    result=outcome.result,
                    has_result=outcome.has_result,
                ),
            )
        self.changes.note(uuid)
        return ended

    async def set_progress(self, uuid: str, host: str, progress: RunProgress) -> bool:
        """False if it is not running on this host."""
        query = update(RUNS).where(RUN.uuid == text_of(uuid), *running_on(host))
        async with self._database.writing() as connection:
            return await changed(connection, query.values(**progress_of(progress)))

    async def cancelling(self, host: str) -> Names:
        query = select(RUN.uuid).where(*running_on(host), RUN.cancel_requested.is_not(None))
        return await self._column(query.order_by(RUN.id))

    async def owned(self, host: str) -> Runs:
        """The runs that this host has claimed but not finished."""
        query = select(*COLUMNS).where(*running_on(host)).order_by(RUN.id)
        async with self._database.reading() as connection:
            return [run_of(row) for row in await connection.execute(query)]

    async def oldest_finished(
        self,
        place: str,
        *,
        keep_count: int | None,
        finished_before: float | None,
        limit: int = 100,
    ) -> Names:
        """Those beyond the last ``keep_count`` or ended before ``finished_before``, if given."""
        ended = (RUN.place == text_of(place), RUN.finished.is_not(None))
        reasons: Conditions = []
        if finished_before is not None:
            reasons.append(RUN.finished < finished_before)
        if keep_count is not None:
            kept = select(RUN.id).where(*ended).order_by(RUN.finished.desc(), RUN.id.desc())
            reasons.append(RUN.id.not_in(kept.limit(min(keep_count, LARGEST))))
        if not reasons:
            return []
        # Those whose webhook has not been sent are kept.
        told = select(WEBHOOKS.c.id).where(
            WEBHOOKS.c.kind == "training", WEBHOOKS.c.subject == RUN.uuid
        )
        query = select(RUN.uuid).where(*ended, or_(*reasons), ~told.exists())
        return await self._column(query.order_by(RUN.finished, RUN.id).limit(limit))

    async def forget(self, uuid: str) -> bool:
        """Remove a run that has ended; False if it has not, or is unknown."""
        query = delete(RUNS).where(RUN.uuid == text_of(uuid), *in_states(FINAL))
        async with self._database.writing() as connection:
            return await changed(connection, query)

    async def known(self, place: str, *, states: Collection[State] = ()) -> set[str]:
        query = select(RUN.uuid).where(RUN.place == text_of(place), *in_states(states))
        return set(await self._column(query))

    # --- hosts --------------------------------------------------------------------------------

    async def enter(self, peer: Peer) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(HOSTS).where(HOSTS.c.id == text_of(peer.id)))
            names = {"id": peer.id, "machine": peer.machine, "place": peer.place}
            row = {name: text_of(value) for name, value in names.items()}
            await connection.execute(insert(HOSTS).values(beats=0, **row))

    async def beat(self, host: str) -> bool:
        """False if another host has declared this one dead."""
        query = update(HOSTS).where(HOSTS.c.id == text_of(host)).values(beats=HOSTS.c.beats + 1)
        async with self._database.writing() as connection:
            return await changed(connection, query)

    async def is_quiet(self, host: str, place: str, models: Collection[str]) -> bool:
        """Whether a host that runs nothing has nothing to do, either: no other host uses the
        database, and none of these models' runs waits here."""
        async with self._database.reading() as connection:
            return not await connection.scalar(_what_there_is(host, place, tuple(models)))

    async def peers(self) -> Peers:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(HOSTS).order_by(HOSTS.c.id))
            return [Peer(row.id, row.machine, row.place, row.beats) for row in rows]

    async def mark_dead(
        self, host: str, beats: int | None, reason: str, now: float
    ) -> Names | None:
        """Declare a host dead and mark its runs as interrupted; returns their uuids.

        `beats`: only if that is still its number of heartbeats (otherwise returns None); None:
        always, even if its row has been removed.
        """
        removing = delete(HOSTS).where(HOSTS.c.id == text_of(host))
        if beats is not None:
            removing = removing.where(HOSTS.c.beats == beats)
        # Locked, so that exactly the returned runs are changed.
        going = select(RUN.uuid).where(*running_on(host)).order_by(RUN.id).with_for_update()
        ending = change(State.RUNNING, State.INTERRUPTED).where(RUN.owner == text_of(host))
        async with self._database.writing() as connection:
            if not await changed(connection, removing) and beats is not None:
                return None
            uuids = [row[0] for row in await connection.execute(going)]
            await interrupt(connection, host, now)
            if uuids:
                ending = ending.where(RUN.uuid.in_(uuids))
                await connection.execute(ending.values(finished=now, message=text_of(reason)))
            return uuids

    async def orphans(self) -> Names:
        """Owners of running runs and predictions that are not registered hosts."""
        living = select(HOSTS.c.id)
        runs = select(RUN.owner).where(RUN.state == State.RUNNING.value)
        predictions = select(PREDICTIONS.c.owner).where(PREDICTIONS.c.completed.is_(None))
        query = union(
            runs.where(~living.where(HOSTS.c.id == RUN.owner).exists()),
            predictions.where(~living.where(HOSTS.c.id == PREDICTIONS.c.owner).exists()),
        )
        return sorted(await self._column(query))

    async def _column(self, query: Select[tuple[str]] | CompoundSelect[str]) -> Names:
        async with self._database.reading() as connection:
            return [*(await connection.scalars(query))]


@functools.cache
def _what_there_is(host: str, place: str, models: tuple[str, ...]) -> Select[tuple[bool]]:
    """Made once: each host asks every second."""
    others = exists().where(HOSTS.c.id != text_of(host))
    waiting = exists().where(*_waiting(place, models))
    return select(or_(others, waiting))


def _waiting(place: str, models: Collection[str]) -> list[ColumnElement[bool]]:
    return [
        RUN.place == text_of(place),
        RUN.state == State.QUEUED.value,
        RUN.model.in_([text_of(model) for model in models]),
    ]
