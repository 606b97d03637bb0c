"""The log and result of a model's setup."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

MAX_LOG_CHARACTERS = 64 * 1024


@dataclass
class Setup:
    """`status` is ``starting``, ``succeeded`` or ``failed``. Times are seconds since the epoch."""

    status: str = "starting"
    started: float = field(default_factory=time.time)
    completed: float | None = None
    logs: str = ""

    def printed(self, text: str) -> None:
        self.logs = (self.logs + text)[-MAX_LOG_CHARACTERS:]

    def end(self, status: str) -> None:
        """Only the first call counts."""
        if self.completed is None:
            self.status = status
            self.completed = time.time()
