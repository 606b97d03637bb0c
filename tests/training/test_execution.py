"""A run whose process cannot be started at once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import NoReturn

import pytest

from deepaas.executor import CannotStart, Needs, Reports, Source
from deepaas.messages import RawRequest
from deepaas.training import execution
from deepaas.training.execution import Execution
from deepaas.training.folder import Folder
from deepaas.training.runs import State, TrainingRun


class Crowded:
    """An executor that has no room, and then fails for another reason."""

    def __init__(self) -> None:
        shortage = CannotStart("no process", shortage=True)
        self.errors = [shortage, shortage, CannotStart("at the third attempt")]

    def start(self, needs: Needs, reports: Reports) -> NoReturn:  # noqa: ARG002
        raise self.errors.pop(0)


def test_it_waits_for_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def outcome() -> str:
        run = TrainingRun("0" * 32, "model", "here", State.RUNNING, time.time(), b"{}")
        source = Source("model", "v2", "model")
        started = Execution(run, source, folder, Crowded(), 1.0, 0.0)
        await started.start({})
        return (await started.outcome).message

    folder = Folder(tmp_path)
    folder.inputs.mkdir()
    folder.store_inputs(RawRequest())
    monkeypatch.setattr(execution, "SHORTAGE_SECONDS", 0.0)
    assert asyncio.run(outcome()) == "its process cannot be started: see the host's log"
    assert "at the third attempt" in caplog.text
