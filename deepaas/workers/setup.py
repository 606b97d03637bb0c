"""How a model got ready, for those who ask later."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

MAX_LOG_CHARACTERS = 64 * 1024


@dataclass
class Setup:
    """The way of one worker from its start to being ready.

    Attributes:
        status: ``starting``, ``succeeded`` or ``failed``.
        started: when, as seconds since the epoch.
        completed: the same for its end, None before.
        logs: what the model printed meanwhile, the end of it if it was much.
    """

    status: str = "starting"
    started: float = field(default_factory=time.time)
    completed: float | None = None
    logs: str = ""

    def printed(self, text: str) -> None:
        """The model has printed something."""
        self.logs = (self.logs + text)[-MAX_LOG_CHARACTERS:]

    def end(self, status: str) -> None:
        """It is over; the first end counts."""
        if self.completed is None:
            self.status = status
            self.completed = time.time()
