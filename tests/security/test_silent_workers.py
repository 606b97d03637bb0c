"""A worker that cannot answer any more is not said to be ready, and is replaced."""

from __future__ import annotations

import os
import signal

import pytest
from support.host import start_host
from support.waiting import wait_until

MODEL = "goes_silent"


@pytest.mark.parametrize("how", ["holds the lock", "is stopped"])
def test_a_worker_that_does_not_answer(how: str) -> None:
    with start_host([MODEL]) as host:
        silent = how == "holds the lock"
        pid = host.predict(MODEL, silent=str(silent).lower()).json()["predictions"]["pid"]
        if not silent:
            os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: not host.is_ready(), "it is not said to be ready")
        assert host.predict(MODEL).json()["predictions"]["pid"] != pid
        assert host.is_ready()
        assert "although it had nothing to do" in host.log()
