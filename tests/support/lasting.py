"""What one test does to a host that lasts for several: deltas, and that nothing of it stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from . import processes
from .host import MAX_PEAK_MB, Host
from .waiting import wait_until


class Since:
    """What has happened to a host since the test began."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._log_bytes = (host.home / "log").stat().st_size
        self._journal_lines = len(host.journal())
        self._restarts = {name: about["restarts_count"] for name, about in _models(host).items()}
        self.family_count = len(_passing(host))
        self.open_files_count = len(host.open_files())

    def log(self) -> str:
        with open(self._host.home / "log", "rb") as log:
            log.seek(self._log_bytes)
            return log.read().decode(errors="replace")

    def journal(self) -> list[str]:
        return self._host.journal()[self._journal_lines :]

    def restarts_count(self, model: str) -> int:
        count = _models(self._host)[model]["restarts_count"] - self._restarts[model]
        assert isinstance(count, int)
        return count


@contextmanager
def lasting(host: Host, *, max_peak_mb: float = MAX_PEAK_MB) -> Iterator[Since]:
    """One test's share of a host.

    Afterwards all models must be ready again, and neither a process nor a temporary file nor a
    file without a name may be left that was not there before; the host has stayed small, and its
    health has been answered all the time.
    """
    since = Since(host)
    yield since
    wait_until(host.is_ready, "all models are ready again")
    try:
        wait_until(lambda: len(_passing(host)) <= since.family_count, "its processes go", 10)
    except AssertionError:
        raise AssertionError(f"too many: {processes.describe(host.family())}") from None
    wait_until(lambda: not host.temporary_files(), "its temporary files go", 10)
    wait_until(lambda: len(host.open_files()) <= since.open_files_count, "its open files go", 10)
    peak = processes.peak_mb(host.process.pid)
    assert peak < max_peak_mb, f"the host has taken {peak:.0f} MB"
    assert host.watch.complaints == [], host.watch.complaints


def _passing(host: Host) -> list[psutil.Process]:
    """Its processes without those that check arguments, which come with the first and stay."""
    return [one for one in host.family() if "--checking" not in _words(one)]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _models(host: Host) -> dict[str, dict[str, int]]:
    found = host.get("/readyz").json()["models"]
    assert isinstance(found, dict)
    return found
