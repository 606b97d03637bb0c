"""What the system knows about processes: ``/proc``."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from deepaas.metrics.families import Family, Kind

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if "SC_PAGE_SIZE" in os.sysconf_names else 4096

GAUGE = Kind.GAUGE


@dataclass
class Measured:
    """Attributes:
    own: metrics of this process, with the names that they have for all programs.
    resident: bytes by process id.
    """

    own: list[Family] = field(default_factory=list)
    resident: dict[int, int] = field(default_factory=dict)


def look(pids: Iterable[int], state: Path | None) -> Measured:
    """Takes 10 µs for each process: for a thread. ``state`` is the state directory."""
    return Measured([*_own(), *_disk(state)], {pid: _resident(pid) for pid in pids if pid > 0})


def _own() -> Iterator[Family]:
    times = os.times()
    cpu = Family("process_cpu_seconds", Kind.COUNTER, "CPU time of the host.")
    cpu.add(times.user + times.system)
    yield cpu
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    for name, text, value in (
        ("process_resident_memory_bytes", "Resident memory of the host.", _resident(os.getpid())),
        ("process_open_fds", "Open file descriptors of the host.", _descriptors()),
        ("process_max_fds", "Limit of file descriptors of the host.", limit),
        ("process_start_time_seconds", "Start of the host, in seconds since 1970.", _started()),
    ):
        family = Family(name, GAUGE, text)
        if value is not None:
            family.add(value)
        yield family


def _disk(state: Path | None) -> Iterator[Family]:
    free = Family(
        "deepaas_state_free_bytes", GAUGE, "Free space of the disk with the state directory."
    )
    if state is not None:
        with contextlib.suppress(OSError):
            free.add(shutil.disk_usage(state).free)
    yield free


def _resident(pid: int) -> int:
    """0 if it has ended."""
    try:
        file = os.open(f"/proc/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return int(os.read(file, 128).split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0
    finally:
        os.close(file)


def _descriptors() -> int | None:
    with contextlib.suppress(OSError):
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough.
    return None


def _started() -> float | None:
    with contextlib.suppress(OSError, LookupError, ValueError):
        # Its name, in parentheses, may contain spaces.
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        lines = Path("/proc/stat").read_text().splitlines()
        booted = next(int(line.split()[1]) for line in lines if line.startswith("btime"))
        return booted + ticks / os.sysconf("SC_CLK_TCK")
    return None
