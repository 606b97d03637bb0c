"""Tells whether the system has killed a process because memory ran out: the signal does not."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path

GROUP = Path("/sys/fs/cgroup/memory.events")
"""Of the control group of a container; on a machine itself, only its groups have one."""

SYSTEM = Path("/proc/vmstat")

_KILLS = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


class OutOfMemoryKills:
    """Counts those of this container, or of the machine."""

    def __init__(self, paths: Sequence[Path] = (GROUP, SYSTEM)) -> None:
        self._paths = paths
        self._count = self._read()

    def are_new(self) -> bool:
        """Whether there has been one since this was last asked."""
        before, self._count = self._count, self._read()
        return self._count > before

    def _read(self) -> int:
        for path in self._paths:
            with contextlib.suppress(OSError):
                if found := _KILLS.search(path.read_text()):
                    return int(found[1])
        return 0
