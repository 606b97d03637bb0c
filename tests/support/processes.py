"""Finds every process that a host has started, whatever became of its parents."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

MARK = "DEEPAAS_TEST_MARK"


def marked(mark: str) -> list[psutil.Process]:
    """All live processes whose environment at their start held this mark."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    # Not psutil's list, nor pathlib: this looks at all processes of the machine, and at each end.
    for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        # It may have gone meanwhile, or belong to somebody else.
        with suppress(psutil.Error, OSError):
            with open(f"/proc/{pid}/environ", "rb") as file:
                is_marked = wanted in file.read()
            if is_marked and not _is_zombie(process := psutil.Process(int(pid))):
                found.append(process)
    return found


def is_reaper(process: psutil.Process) -> bool:
    """Whether it only watches over what it has started, see `deepaas.reaper`."""
    return any(word.endswith("reaper.py") for word in process.cmdline())


def kill_marked(mark: str) -> None:
    send_to_all(marked(mark), signal.SIGKILL)


def send_to_all(found: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to each; the end of one may be that of another, which is gone by then."""
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def describe(found: list[psutil.Process]) -> str:
    lines = []
    for process in found:
        with suppress(psutil.Error):
            command = " ".join(process.cmdline())
            lines.append(f"{process.pid} (parent {process.ppid()}, {process.status()}): {command}")
    return "; ".join(lines)


def peak_mb(pid: int) -> float:
    """The most memory that the process ever had resident."""
    return _status_mb(pid, "VmHWM")


def resident_mb(pid: int) -> float:
    return _status_mb(pid, "VmRSS")


def _is_zombie(process: psutil.Process) -> bool:
    return bool(process.status() == psutil.STATUS_ZOMBIE)


def _status_mb(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise AssertionError(f"process {pid} has no {name}")
