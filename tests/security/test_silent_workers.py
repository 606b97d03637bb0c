"""A worker that cannot answer any more is not said to be ready, and is replaced."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from support.host import Host, start_host
from support.waiting import wait_until

MODELS = Path(__file__).resolve().parents[1] / "models"
TOLD = "it did not respond for 17 s while idle"
HOLDS, IS_STOPPED = "goes_silent", "is_stopped"


@pytest.mark.slow
def test_workers_that_do_not_answer(tmp_path: Path) -> None:
    """Some hold their interpreter's lock, some are stopped: all at once, as finding out takes long;
    and who falls silent later is found while the first still has time to answer."""
    shutil.copy(MODELS / f"{HOLDS}.py", tmp_path / f"{IS_STOPPED}.py")
    both = (HOLDS, IS_STOPPED)
    options = ("--no-ui", "--no-train-endpoint", "--workers", "2")
    with start_host(both, *options, packages=tmp_path) as host:
        for model in both:
            for number in (1, 2):
                host.wait_for_log(f"[{model}/{number}] ready")
        silent = {
            HOLDS: {process_of(host, HOLDS, silent="true") for _ in range(2)},
            IS_STOPPED: {process_of(host, IS_STOPPED) for _ in range(2)},
        }
        first, second = silent[IS_STOPPED]
        os.kill(first, signal.SIGSTOP)
        wait_until(
            lambda: host.readiness(IS_STOPPED)["workers_ready_count"] == 1, "the first is found"
        )
        os.kill(second, signal.SIGSTOP)
        wait_until(lambda: not is_ready(host, IS_STOPPED), "the second is found")
        assert f"[{IS_STOPPED}/1] was stopped" not in host.log()
        assert f"[{IS_STOPPED}/2] was stopped" not in host.log()
        wait_until(lambda: not is_ready(host, HOLDS), f"{HOLDS} is not said to be ready")
        assert not host.is_ready()
        for model in both:
            assert process_of(host, model) not in silent[model]
            for number in (1, 2):
                host.wait_for_log(f"[{model}/{number}] was stopped: {TOLD}")
        assert host.is_ready()


def process_of(host: Host, model: str, **arguments: Any) -> int:
    """The process that answers a call."""
    return int(host.predict(model, **arguments).json()["predictions"]["pid"])


def is_ready(host: Host, model: str) -> bool:
    return bool(host.readiness(model)["status"] == "ready")
