"""The store of trainings, on both databases: lists of runs, and the hosts."""

from __future__ import annotations

import asyncio
import dataclasses

from sqlalchemy import Connection, insert

from deepaas.training.runs import Peer, State
from deepaas.training.store import PAGE_SIZE, Store
from deepaas.training.store_database import Database
from deepaas.training.store_rows import row_of
from deepaas.training.tables import RUNS

from .examples import MODEL, PLACE, a_run, added, run_in

# --- lists ---


async def test_lists(store: Store) -> None:
    done = await run_in(store, State.DONE)
    error = await run_in(store, State.ERROR)
    running = await run_in(store, State.RUNNING)
    queued = await added(store)
    await added(store, model="other")
    runs = [done, error, running, queued]
    assert await store.list(MODEL) == runs
    assert await store.list(MODEL, newest_first=True) == runs[::-1]
    assert await store.list(MODEL, limit=2) == runs[:2]
    assert await store.list(MODEL, limit=2, offset=1, newest_first=True) == [running, error]
    assert await store.list(MODEL, offset=3) == [queued]
    assert await store.list(MODEL, offset=10**30, limit=10**30) == []
    assert await store.list(MODEL, limit=0) == []
    assert await store.list(MODEL, states=[State.ERROR]) == [error]
    assert await store.list(MODEL, states={State.ERROR, State.QUEUED}, limit=1) == [error]
    assert await store.list(MODEL, states=[State.CANCELLED]) == []
    assert await store.list("unknown") == []
    assert await store.count() == 5
    assert await store.count(MODEL) == 4
    assert await store.count(MODEL, states=[State.DONE, State.ERROR]) == 2
    assert await store.count(place=PLACE, states=[State.QUEUED]) == 2
    assert await store.count(place="other") == 0


async def test_long_lists(store: Store, database_url: str) -> None:
    runs = [a_run() for _ in range(2 * PAGE_SIZE)]
    database = Database(database_url)
    async with database.writing() as connection:
        rows = [row_of(run) for run in runs]
        await connection.run_sync(Connection.execute, insert(RUNS), rows)
    await database.close()
    for newest_first in (False, True):
        order = runs[::-1] if newest_first else runs
        for limit, offset in [(None, 0), (None, 7), (PAGE_SIZE + 1, 3), (PAGE_SIZE, 0), (10, 995)]:
            got = await store.list(MODEL, limit=limit, offset=offset, newest_first=newest_first)
            assert got == order[offset : None if limit is None else offset + limit]


async def test_the_oldest_finished(store: Store) -> None:
    # Added in another order than that in which they end.
    ended = {at: await run_in(store, State.DONE, finished=at) for at in (30.0, 10.0, 20.0, 40.0)}
    await added(store)
    await store.add(a_run(place="other"))
    order = [ended[at].uuid for at in sorted(ended)]

    async def oldest(keep: int | None, before: float | None, limit: int = 100) -> list[str]:
        return await store.oldest_finished(
            PLACE, keep_count=keep, finished_before=before, limit=limit
        )

    assert await oldest(None, None) == []
    assert await oldest(1, None) == order[:3]
    assert await oldest(0, None) == order
    assert await oldest(4, None) == []
    assert await oldest(10**30, None) == []
    assert await oldest(None, 20.0) == order[:1]
    assert await oldest(None, 25.0) == order[:2]
    assert await oldest(3, 35.0) == order[:3]
    assert await oldest(1, 15.0) == order[:3]
    assert await oldest(0, None, limit=2) == order[:2]


# --- hosts ---


async def test_the_life_of_a_host(store: Store, other: Store) -> None:
    peer = Peer("one", "machine", PLACE, 0)
    assert not await store.beat("one")
    await store.enter(peer)
    assert await other.peers() == [peer]
    assert await store.beat("one")
    assert await store.beat("one")
    assert await other.peers() == [dataclasses.replace(peer, beats=2)]
    assert await other.mark_dead("one", 1, "lost", 5.0) is None
    assert await other.mark_dead("one", 2, "lost", 5.0) == []
    assert await other.mark_dead("one", 2, "lost", 5.0) is None
    assert not await store.beat("one")
    assert await other.peers() == []
    await store.enter(peer)
    await store.enter(peer)
    assert await other.peers() == [peer]


async def test_the_runs_of_a_dead_host(store: Store) -> None:
    await store.enter(Peer("dead", "machine", PLACE, 0))
    await store.enter(Peer("alive", "machine", PLACE, 0))
    lost = [await run_in(store, State.RUNNING, host="dead") for _ in range(2)]
    ended = await run_in(store, State.DONE, host="dead")
    kept = await run_in(store, State.RUNNING, host="alive")
    queued = await added(store)
    assert await store.orphans() == []
    assert await store.mark_dead("dead", 7, "it died", 50.0) is None
    assert await store.mark_dead("dead", 0, "it died", 50.0) == [run.uuid for run in lost]
    assert await store.list(MODEL) == [
        *(
            dataclasses.replace(run, state=State.INTERRUPTED, message="it died", finished=50.0)
            for run in lost
        ),
        ended,
        kept,
        queued,
    ]


async def test_runs_whose_owner_is_unknown(store: Store) -> None:
    await store.enter(Peer("alive", "machine", PLACE, 0))
    await run_in(store, State.RUNNING, host="alive")
    runs = [await run_in(store, State.RUNNING, host=host) for host in ("y", "x", "y")]
    assert await store.orphans() == ["x", "y"]
    assert await store.mark_dead("y", None, "gone", 5.0) == [runs[0].uuid, runs[2].uuid]
    assert await store.orphans() == ["x"]
    assert await store.mark_dead("alive", None, "gone", 5.0) != []
    assert await store.peers() == []


async def test_many_mark_one_dead(store: Store, other: Store) -> None:
    await store.enter(Peer("dead", "machine", PLACE, 0))
    runs = [await run_in(store, State.RUNNING, host="dead") for _ in range(3)]
    answers = await asyncio.gather(
        *(opened.mark_dead("dead", 0, "lost", 5.0) for opened in (store, other) * 3)
    )
    assert [answer for answer in answers if answer is not None] == [[run.uuid for run in runs]]
