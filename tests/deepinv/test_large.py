"""Large measurements pass the host without being held there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.host import Host

from .wire import body_of, send, url_of

GROWS_MB = 16
SHAPE = (3, 2048, 2048)
COPIES = 5
"""Of the numbers, in the worker: the body and the result in base64, which are a third longer, the
decoded tensor, and what the model returns."""


def peak_mb(pid: int) -> float:
    """The most memory that a process has had at a time."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def test_a_measurement_of_50_mb(host: Host) -> None:
    y = np.random.default_rng(7).random(SHAPE, np.float32)
    body = body_of(url_of(y))
    pids = {process.pid for process in host.family()}
    before = {pid: peak_mb(pid) for pid in pids}
    for _ in range(3):
        assert np.array_equal(send(host, "/deepinv/same", body).array, y)
    growth = sorted(peak_mb(pid) - before[pid] for pid in pids)
    # One of them is the worker of this model; the host, and all others, did not notice.
    assert growth[-1] < COPIES * y.nbytes / 2**20
    assert growth[-2] < GROWS_MB
    assert host.temporary_files() == []
