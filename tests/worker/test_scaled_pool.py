"""A pool whose number of workers follows the load: real workers, which calls keep busy."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.pools import until
from support.storm_size import chosen

from deepaas.errors import WorkerDied
from deepaas.executor import Source
from deepaas.executor.local import LocalExecutor
from deepaas.messages import Answer, Values
from deepaas.workers.pool import Pool
from deepaas.workers.status import PoolLimits

MODEL = """
import os
import time
from pathlib import Path

def predict(token: str, until: str = "", seconds: float = 0.02) -> str:
    time.sleep(seconds)
    while until and not Path(until).exists():
        time.sleep(0.01)
    return f"{os.getpid()} {token}"
"""
MOST = 3
CLIENTS_COUNT = 6
LONGEST_SECONDS = 120


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    (tmp_path / "model.py").write_text(MODEL)
    limits = PoolLimits(
        1,
        100,
        predict_seconds=0,
        warm_seconds=LONGEST_SECONDS,
        cancel_grace_seconds=1,
        most_workers_count=MOST,
        scale_down_seconds=chosen(0, 60),
    )
    source = Source("model", "cog", f"{tmp_path / 'model.py'}:predict")
    pool = Pool(LocalExecutor("scaled:"), source, limits, tmp_path / "results")
    pool.start()
    await pool.settled()
    yield pool
    await pool.stop()


class Clients:
    """They call one time after the other until they are stopped; each answer must be their own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self.answers_count = 0
        self.died_count = 0

    def start(self, count: int) -> None:
        self._stopping = False
        self._tasks = [asyncio.create_task(self._call(number)) for number in range(count)]

    async def stop(self) -> None:
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def _call(self, client: int) -> None:
        number = 0
        while not self._stopping:
            number += 1
            token = f"{client}-{number}"
            try:
                assert (await called(self._pool, token)).endswith(f' {token}"')
            except WorkerDied:
                self.died_count += 1
            self.answers_count += 1


async def called(pool: Pool, token: str, until: str = "") -> str:
    inputs = Values({"token": token, "until": until})
    answer = await asyncio.wait_for(pool.calls.run(inputs), LONGEST_SECONDS)
    assert isinstance(answer, Answer)
    return bytes(answer.body).decode()


def count_of(pool: Pool) -> int:
    return pool.status().workers_count


def ready_of(pool: Pool) -> int:
    return pool.status().workers_ready_count


async def test_it_rises_and_falls_and_loses_no_call(pool: Pool) -> None:
    clients = Clients(pool)
    for _ in range(chosen(1, 3)):
        assert count_of(pool) == 1
        clients.start(CLIENTS_COUNT)
        await until(lambda: ready_of(pool) == MOST)
        await clients.stop()
        await until(lambda: count_of(pool) == 1 and len(pool.workers()) == 1)
    assert clients.answers_count and not clients.died_count
    assert pool.status().restarts_count == 0


async def test_a_busy_worker_stays_and_crashes_and_reloads_change_nothing(
    pool: Pool, tmp_path: Path
) -> None:
    clients = Clients(pool)
    clients.start(CLIENTS_COUNT)
    await until(lambda: ready_of(pool) == MOST)
    # A crash: it is replaced, and the calls of others go on.
    os.kill(pool.workers()[1].pid, signal.SIGKILL)
    await until(lambda: pool.status().restarts_count == 1 and ready_of(pool) == MOST)

    async def is_current() -> bool:
        return True

    before = {worker.pid for worker in pool.workers()}
    pool.reload(is_current)
    await until(lambda: before.isdisjoint(worker.pid for worker in pool.workers()))
    assert ready_of(pool) == MOST
    await clients.stop()
    assert clients.died_count <= 1
    # A call that lasts keeps its worker, whichever that is.
    last = asyncio.create_task(called(pool, "last", str(tmp_path / "go")))
    await until(lambda: any(worker.calls for worker in pool.workers()))
    (busy,) = (worker.pid for worker in pool.workers() if worker.calls)
    await until(lambda: len(pool.workers()) == 2)
    (tmp_path / "go").touch()
    assert await last == f'"{busy} last"'
    await until(lambda: count_of(pool) == 1)
    assert (await called(pool, "still")).endswith(' still"')
