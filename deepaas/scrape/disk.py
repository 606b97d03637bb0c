"""The free space of a disk, which may be on a network: asked in a thread, for the next scrape."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path

from deepaas.metrics.families import Family, Kind


class Disk:
    """``folder`` is None if there is nothing to keep on disk."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._free: int | None = None
        self._asking: asyncio.Future[None] | None = None

    def family(self) -> Family:
        if self._folder is not None and (self._asking is None or self._asking.done()):
            self._asking = asyncio.ensure_future(asyncio.to_thread(self._look, self._folder))
        free = Family(
            "deepaas_state_free_bytes",
            Kind.GAUGE,
            "Free space of the disk with the state directory.",
        )
        if self._free is not None:
            free.add(self._free)
        return free

    def _look(self, folder: Path) -> None:
        with contextlib.suppress(OSError):
            self._free = shutil.disk_usage(folder).free
