"""Pools of workers without a host: waited for in the event loop, and looked at while one ends."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from deepaas.warden import end_marked

from .waiting import PATIENCE_SECONDS


async def until(condition: Callable[[], bool]) -> None:
    """Let others go on until something is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


def hold_clearing(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """What a worker leaves behind is not looked for until this is set: until then it is ending."""
    cleared = threading.Event()

    def end_marked_in_the_end(mark: str) -> None:
        cleared.wait(PATIENCE_SECONDS)
        end_marked(mark)

    monkeypatch.setattr("deepaas.executor.local.process.end_marked", end_marked_in_the_end)
    return cleared
