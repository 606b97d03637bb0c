"""A pool with a real worker."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deepaas.messages import Answer, Inputs
from deepaas.workers.pool import Pool
from deepaas.workers.process import Source
from deepaas.workers.status import Limits
from deepaas.workers.terms import Terms
from deepaas.workers.warden import end_marked

MODEL = "import os\n\ndef predict() -> int:\n    return os.getpid()\n"
SECONDS = 30


async def worker_pid(pool: Pool) -> int:
    """Who answers a call."""
    answer = await asyncio.wait_for(pool.predict(Inputs(), terms=Terms(bare=True)), SECONDS)
    assert isinstance(answer, Answer)
    return int(answer.body)


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


async def test_a_worker_that_is_gone_is_given_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even while what it has left behind is still being looked for."""
    (tmp_path / "model.py").write_text(MODEL)
    cleared = threading.Event()

    def end_marked_in_the_end(mark: str) -> None:
        cleared.wait(SECONDS)
        end_marked(mark)

    monkeypatch.setattr("deepaas.workers.process.end_marked", end_marked_in_the_end)
    limits = Limits(1, 10, predict_seconds=0, warm_seconds=SECONDS, cancel_grace_seconds=1)
    source = Source("model", "cog", f"{tmp_path / 'model.py'}:predict")
    pool = Pool(source, limits, tmp_path / "results", "host:0:")
    pool.start()
    try:
        pid = await worker_pid(pool)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: pool.status().room_count == 0)
        call = asyncio.ensure_future(worker_pid(pool))
        await until(lambda: pool.status().queued_count == 1)
        cleared.set()
        assert await call != pid
    finally:
        cleared.set()
        await pool.stop()
