"""A pool with a real worker."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from support.pools import hold_clearing, until

from deepaas.executor import Source
from deepaas.executor.local import LocalExecutor
from deepaas.messages import Answer, RawRequest
from deepaas.workers.pool import Pool
from deepaas.workers.status import PoolLimits

MODEL = "import os\n\ndef predict() -> int:\n    return os.getpid()\n"
SECONDS = 120


async def worker_pid(pool: Pool) -> int:
    """Who answers a call."""
    answer = await asyncio.wait_for(pool.calls.run(RawRequest()), SECONDS)
    assert isinstance(answer, Answer)
    return int(answer.body)


async def test_a_worker_that_is_gone_is_given_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even while what it has left behind is still being looked for."""
    (tmp_path / "model.py").write_text(MODEL)
    cleared = hold_clearing(monkeypatch)
    limits = PoolLimits(1, 10, predict_seconds=0, warm_seconds=SECONDS, cancel_grace_seconds=1)
    source = Source("model", "cog", f"{tmp_path / 'model.py'}:predict")
    pool = Pool(LocalExecutor("host:"), source, limits, tmp_path / "results")
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
