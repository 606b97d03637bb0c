"""A worker that cannot answer any more is not said to be ready, and is replaced."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from support.host import Host, start_host
from support.waiting import wait_until

MODEL = "goes_silent"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host([MODEL], "--no-ui", "--no-train-endpoint") as host:
        yield host


@pytest.mark.parametrize("how", ["holds the lock", "is stopped"])
def test_a_worker_that_does_not_answer(host: Host, how: str) -> None:
    silent = how == "holds the lock"
    logged = len(host.log())
    pid = host.predict(MODEL, silent=str(silent).lower()).json()["predictions"]["pid"]
    if not silent:
        os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: not host.is_ready(), "it is not said to be ready")
    assert host.predict(MODEL).json()["predictions"]["pid"] != pid
    assert host.is_ready()
    host.wait_for_log("although it had nothing to do", logged)
