"""Logs frequent events only every few seconds, with their count."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from aiohttp import web

_log = logging.getLogger(__name__)

TELL_SECONDS = 10.0


class Notes:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._told: set[str] = set()
        self._telling: asyncio.TimerHandle | None = None

    def note(self, what: str) -> None:
        """Log ``what``, one of a few texts, at once; repetitions later, as "12 times more: …"."""
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


NOTES: web.AppKey[Notes] = web.AppKey("deepaas_notes", Notes)
