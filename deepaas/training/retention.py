"""Removes old runs."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepaas.errors import ConfigError
from deepaas.training.runs import FINAL
from deepaas.training.state_directory import StateDirectory

if TYPE_CHECKING:
    # SQLAlchemy takes longer to import than all the rest: see app.open_store.
    from deepaas.training.store import Store

_log = logging.getLogger(__name__)

PAUSE_SECONDS = 10.0

_UNITS_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


@dataclass(frozen=True)
class Keep:
    """How many finished runs are kept, and how long after their end; None: no limit."""

    count: int | None = None
    seconds: float | None = None


def parse_keep(text: str, option: str = "keep-runs") -> Keep:
    """Parse a count, an age, or both separated by a comma. Raises ``ConfigError``."""
    count: int | None = None
    seconds: float | None = None
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = re.fullmatch(r"(\d+)([smhdw]?)", part)
        if found is None or (count if found[2] == "" else seconds) is not None:
            raise ConfigError(
                f"{option} is {text!r}: it must be a number (100), an age (12h, 30d, 8w) "
                "or both (100,30d)"
            )
        if found[2]:
            seconds = int(found[1]) * _UNITS_SECONDS[found[2]]
        else:
            count = int(found[1])
    return Keep(count, seconds)


class Retention:
    def __init__(self, store: Store, directory: StateDirectory, keep: Keep) -> None:
        self._store = store
        self._directory = directory
        self._keep = keep
        self._next = 0.0

    async def apply(self) -> None:
        """Remove runs that need not be kept. Raises ``StoreUnavailable``."""
        if self._keep == Keep() or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PAUSE_SECONDS
        before = None if self._keep.seconds is None else time.time() - self._keep.seconds
        for uuid in await self._store.oldest_finished(
            self._directory.id, keep_count=self._keep.count, finished_before=before
        ):
            # The store first, because files without a run are better than a run without files.
            if await self._store.forget(uuid):
                await asyncio.to_thread(self._directory.remove, uuid)
                _log.info("removed training %s (keep-runs)", uuid)

    async def sweep(self) -> None:
        known = await self._store.known(self._directory.id)
        ended = await self._store.known(self._directory.id, states=FINAL)
        for name in await asyncio.to_thread(self._directory.sweep, known, ended):
            _log.info("removed runs/%s, left by a host that was killed", name)
