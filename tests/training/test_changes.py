"""Whoever waits for a run hears of each change that this host makes, and of no other."""

from __future__ import annotations

import asyncio

from deepaas.training.changes import Changes
from deepaas.training.runs import RunOutcome, State
from deepaas.training.store import Store

from .examples import a_run


async def test_each_change_of_the_store_wakes_who_waits(store: Store, other: Store) -> None:
    first, second = a_run(), a_run()
    await store.add(first)
    await store.add(second)
    with store.changes.of(first.uuid) as news, store.changes.of(second.uuid) as others:
        claimed = await store.claim("red", first.place, [first.model], 1.0)
        assert claimed is not None
        assert claimed.uuid == first.uuid
        assert news.is_set()
        assert not others.is_set()
        news.clear()
        await store.request_cancel(first.model, first.uuid, 2.0)
        assert news.is_set()
        news.clear()
        assert await store.finish(first.uuid, "red", RunOutcome(State.CANCELLED, 3.0))
        assert news.is_set()
        # Another host's are looked for, now and then.
        await other.request_cancel(second.model, second.uuid, 4.0)
        assert not others.is_set()


async def test_all_are_woken_when_the_host_leaves() -> None:
    changes = Changes()
    with changes.of("one") as one, changes.of("two") as two:
        waiting = asyncio.gather(one.wait(), two.wait())
        changes.end()
        await asyncio.wait_for(waiting, 5)
    assert changes.ended
