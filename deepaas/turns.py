"""When a call gets a worker: what its client has asked for.

A context variable has it, so that every door has it: it is set for a request (``web.turns``), and
the tasks that a request starts inherit it, also those that go on after its end.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import NamedTuple

USUAL_PRIORITY = 5
LAST_PRIORITY = 9


class Turn(NamedTuple):
    """Attributes:
    priority: from 1, which is served first, to 9.
    seconds: how long it may wait in the queue; 0 for as long as the operator allows.
    """

    priority: int = USUAL_PRIORITY
    seconds: float = 0.0

    def limit_seconds(self, allowed: float) -> float:
        """How long it may wait if the operator allows so much; 0 for no limit, in both."""
        return min(self.seconds or allowed, allowed or self.seconds)


USUAL_TURN = Turn()

TURN: ContextVar[Turn] = ContextVar("deepaas_turn", default=USUAL_TURN)
