"""Back-off, kept for each replica of a model by itself."""

from __future__ import annotations

from deepaas.workers.worker import Worker

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 60.0


class Slot:
    """The place of one replica, whichever worker holds it at present.

    Attributes:
        number: from 1 on.
        worker: who holds it; None while the next start is awaited.
        failures_count: ends in a row that the host did not order.
        broken: why the last start failed, empty if it did not.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.worker: Worker | None = None
        self.failures_count = 0
        self.broken = ""

    def delay_seconds(self) -> float:
        """How long to wait before the next start: not at all at first, then longer and longer."""
        if self.failures_count <= 1 and not self.broken:
            return 0.0
        doubled = FIRST_DELAY_SECONDS * 2.0 ** min(self.failures_count - 1, 20)
        return min(doubled, LONGEST_DELAY_SECONDS)
