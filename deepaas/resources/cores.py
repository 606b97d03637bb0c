"""How many processor cores this process can use."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def usable_cores(own: Path = OWN_CGROUPS, cgroups: Path = CGROUPS) -> int:
    """Return the cores that this process may run on, at least 1.

    Containers limit the time instead (``docker run --cpus 2``), which no library considers: 2.5
    cores count as 2.

    Args:
        own: the file in which the kernel lists the control groups of this process.
        cgroups: where control groups are mounted.
    """
    cores = float(len(os.sched_getaffinity(0)))
    return max(1, int(min([cores, *_quotas(own, cgroups)])))


def _quotas(own: Path, cgroups: Path) -> Iterator[float]:
    """Limits of the group of this process and of those above it, in cores."""
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = own.read_text(encoding="utf-8").splitlines()
    for line in lines:
        _number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        # Version 1 has a folder for each set of controllers, version 2 one for all.
        roots = [cgroups / name for name in (controllers, "cpu")] if controllers else [cgroups]
        for root in roots:
            # In a container, the path can be that on the machine, of which only the root is shown.
            folder = root / path.strip("/")
            for one in (folder, *folder.parents):
                yield from _quota(one)
                if one == root:
                    break


def _quota(folder: Path) -> Iterator[float]:
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
        if quota != "max":
            yield int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        quota = (folder / "cpu.cfs_quota_us").read_text(encoding="utf-8")
        if int(quota) > 0:
            period = (folder / "cpu.cfs_period_us").read_text(encoding="utf-8")
            yield int(quota) / int(period)
