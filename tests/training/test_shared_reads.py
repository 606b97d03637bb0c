"""Reads of one row for many: how few queries they are, and that nobody gets an old row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from deepaas.errors import StoreUnavailable
from deepaas.training.runs import State
from deepaas.training.shared_reads import MAX_COUNT, SharedReads
from deepaas.training.store import Store

from .examples import HOST, MODEL, PLACE, added


async def test_more_readers_than_connections(store: Store) -> None:
    runs = [await added(store) for _ in range(3)]
    asked = [run for run in runs for _ in range(700)]
    told = await asyncio.gather(*(store.get(MODEL, run.uuid) for run in asked))
    assert told == asked
    assert await asyncio.gather(*(store.get("other", run.uuid) for run in runs)) == [None] * 3


async def test_who_asks_after_a_change_sees_it(store: Store) -> None:
    run = await added(store)
    for _ in range(20):
        before = asyncio.ensure_future(store.get(MODEL, run.uuid))
        await asyncio.sleep(0)  # It is on its way.
        claimed = await store.claim(HOST, PLACE, [MODEL], 2.0)
        found = await store.get(MODEL, run.uuid)
        assert claimed is not None and found is not None
        assert (found.uuid, found.state) == (claimed.uuid, State.RUNNING)
        await before
        run = await added(store)
        await store.request_cancel(MODEL, claimed.uuid, 3.0)


class Table:
    """Keys with their number of reads; ``gate`` holds each read."""

    def __init__(self) -> None:
        self.reads: list[list[str]] = []
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def read(self, keys: Sequence[str]) -> dict[str, int]:
        self.reads.append([*keys])
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return {key: len(self.reads) for key in keys if key != "missing"}


async def test_all_that_wait_are_read_together() -> None:
    table = Table()
    shared = SharedReads(table.read)
    first = asyncio.ensure_future(shared.get("a"))
    await asyncio.sleep(0.01)
    later = [asyncio.ensure_future(shared.get(key)) for key in ("a", "b", "a", "missing")]
    many = [asyncio.ensure_future(shared.get(str(number))) for number in range(MAX_COUNT)]
    await asyncio.sleep(0.01)
    table.gate.set()
    # "a" was asked for again while it was being read: that read may be too old.
    assert await first == 1
    assert await asyncio.gather(*later) == [2, 2, 2, None]
    assert {await one for one in many} == {2, 3}
    assert [len(keys) for keys in table.reads] == [1, MAX_COUNT, 3]


async def test_who_leaves_takes_nothing_from_others() -> None:
    table = Table()
    shared = SharedReads(table.read)
    leaves, stays = (asyncio.ensure_future(shared.get("a")) for _ in range(2))
    await asyncio.sleep(0.01)
    leaves.cancel()
    table.gate.set()
    assert await stays == 1
    assert leaves.cancelled()


async def test_all_learn_of_an_error_and_the_next_try_works() -> None:
    table = Table()
    table.error = StoreUnavailable("gone")
    table.gate.set()
    shared = SharedReads(table.read)
    told = await asyncio.gather(*(shared.get("a") for _ in range(3)), return_exceptions=True)
    assert told == [table.error] * 3
    table.error = None
    assert await shared.get("a") == 2
    await shared.close()


@pytest.mark.parametrize("is_asked", [True, False])
async def test_the_end_waits_for_the_last(is_asked: bool) -> None:
    table = Table()
    shared = SharedReads(table.read)
    last = asyncio.ensure_future(shared.get("a")) if is_asked else None
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(shared.close())
    table.gate.set()
    await closing
    assert last is None or (await last) == 1
