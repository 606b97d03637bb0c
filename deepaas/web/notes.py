"""What may happen a thousand times a second is told in the log once in a while, with its count."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from aiohttp import web

_log = logging.getLogger(__name__)

TELL_SECONDS = 10.0
"""So often at most."""


class Notes:
    """Counts, and when they were told last."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._telling: asyncio.TimerHandle | None = None

    def note(self, what: str) -> None:
        """It has happened; told at once if it is the first time for a while.

        Args:
            what: for people, the rest of "12 times: …".
        """
        self._counts[what] += 1
        if self._telling is None:
            self._tell()

    def _tell(self) -> None:
        for what, count in self._counts.items():
            _log.warning("%s%s", f"{count} times: " if count > 1 else "", what)
        self._telling = (
            asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell)
            if self._counts
            else None
        )
        self._counts.clear()


NOTES: web.AppKey[Notes] = web.AppKey("deepaas_notes", Notes)
"""Where handlers find the notes of the application that they belong to."""
