"""A worker that cannot answer any more is not said to be ready, and is replaced."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

from support.host import Host, start_host
from support.waiting import wait_until

MODELS = Path(__file__).resolve().parents[1] / "models"
TOLD = "it did not answer for 17 s, although it had nothing to do"
HOLDS, IS_STOPPED = "goes_silent", "is_stopped"


def test_a_worker_that_does_not_answer(tmp_path: Path) -> None:
    """One holds its interpreter's lock, one is stopped: both at once, as finding out takes long."""
    shutil.copy(MODELS / f"{HOLDS}.py", tmp_path / f"{IS_STOPPED}.py")
    both = (HOLDS, IS_STOPPED)
    with start_host(both, "--no-ui", "--no-train-endpoint", packages=tmp_path) as host:
        silent = {HOLDS: process_of(host, HOLDS, silent="true")}
        silent[IS_STOPPED] = process_of(host, IS_STOPPED)
        os.kill(silent[IS_STOPPED], signal.SIGSTOP)
        for model in both:
            wait_until(lambda m=model: not is_ready(host, m), f"{model} is not said to be ready")  # type: ignore[misc]
        assert not host.is_ready()
        for model in both:
            assert process_of(host, model) != silent[model]
            host.wait_for_log(f"[{model}/1] was ended: {TOLD}")
        assert host.is_ready()


def process_of(host: Host, model: str, **arguments: Any) -> int:
    """The process that answers a call."""
    return int(host.predict(model, **arguments).json()["predictions"]["pid"])


def is_ready(host: Host, model: str) -> bool:
    return bool(host.readiness(model)["status"] == "ready")
