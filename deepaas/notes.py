"""Logs frequent events only every few seconds, with their count."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

_log = logging.getLogger(__name__)

TELL_SECONDS = 10.0

MAX_TEXTS_COUNT = 10


class Notes:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._told: set[str] = set()
        self._telling: asyncio.TimerHandle | None = None

    def note(self, what: str, kind: str = "") -> None:
        """Log ``what`` at once; repetitions later, as "12 times more: …".

        There are few texts. If clients can choose them, they are replaced by ``kind`` when there
        are too many.
        """
        if kind and what not in self._told and len(self._told) >= MAX_TEXTS_COUNT:
            what = kind
        if what in self._told:
            self._counts[what] += 1
            return
        _log.warning("%s", what)
        self._told.add(what)
        if self._telling is None:
            self._wait()

    def _wait(self) -> None:
        self._telling = asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell)

    def _tell(self) -> None:
        for what, count in self._counts.items():
            _log.warning("%d times more: %s", count, what)
        self._told = set(self._counts)
        self._counts.clear()
        self._telling = None
        if self._told:
            self._wait()
