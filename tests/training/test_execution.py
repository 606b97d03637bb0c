"""A run whose process cannot be started at once."""

from __future__ import annotations

import asyncio
import errno
import time
from pathlib import Path
from typing import Any

import pytest

from deepaas.messages import RawRequest
from deepaas.training import execution
from deepaas.training.execution import Execution
from deepaas.training.folder import Folder
from deepaas.training.runs import Run, State
from deepaas.workers.process import Source


@pytest.mark.parametrize(
    "shortage", [OSError(errno.EAGAIN, "no process"), RuntimeError("can't start new thread")]
)
def test_it_waits_for_room(
    shortage: Exception,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors = [shortage, shortage, OSError(errno.ENOENT, "at the third attempt")]

    def worker(*_: Any) -> None:
        raise errors.pop(0)

    async def outcome() -> str:
        run = Run("0" * 32, "model", "here", State.RUNNING, time.time(), b"{}")
        started = Execution(run, Source("model", "v2", "model"), Folder(tmp_path), "m:", 1.0, 0.0)
        await started.start()
        return (await started.outcome).message

    monkeypatch.setattr(execution, "Worker", worker)
    monkeypatch.setattr(execution, "SHORTAGE_SECONDS", 0.0)
    monkeypatch.setattr(Folder, "load_inputs", lambda _: RawRequest())
    assert asyncio.run(outcome()) == "its process cannot be started, see the host's log"
    assert "at the third attempt" in caplog.text
