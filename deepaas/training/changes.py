"""Notifies tasks that wait for a run when this host changes it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator


class Changes:
    """`ended`: this host makes no more changes."""

    def __init__(self) -> None:
        self.ended = False
        self._waiting: dict[str, set[asyncio.Event]] = {}

    @contextlib.contextmanager
    def of(self, uuid: str) -> Iterator[asyncio.Event]:
        """An event that is set when the run changes; clear it before reading the run."""
        news = asyncio.Event()
        waiting = self._waiting.setdefault(uuid, set())
        waiting.add(news)
        try:
            yield news
        finally:
            waiting.discard(news)
            if not waiting:
                self._waiting.pop(uuid, None)

    def note(self, uuid: str) -> None:
        for news in self._waiting.get(uuid, ()):
            news.set()

    def end(self) -> None:
        self.ended = True
        for uuid in self._waiting:
            self.note(uuid)
