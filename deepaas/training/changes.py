"""Who waits for a run hears when this host has changed it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator


class Changes:
    """`ended`: this host changes no run any more."""

    def __init__(self) -> None:
        self.ended = False
        self._waiting: dict[str, set[asyncio.Event]] = {}

    @contextlib.contextmanager
    def of(self, uuid: str) -> Iterator[asyncio.Event]:
        """What is set whenever a run has changed; whoever waits clears it before looking."""
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
