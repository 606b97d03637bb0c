"""When the parts of a call ended, for the spans of a sampled trace."""

from __future__ import annotations

import time
from contextvars import ContextVar

from deepaas.messages import Predict, Timed
from deepaas.model.v2 import run

_TIMED: ContextVar[Timed | None] = ContextVar("deepaas_timed", default=None)


def begin(call: Predict) -> Timed | None:
    """Begin a call, in its context. None if nobody wants to know."""
    traced(call)
    timed = Timed(call.id, time.time_ns()) if call.timed else None
    if timed is not None or _TIMED.get() is not None:
        _TIMED.set(timed)
    return timed


def traced(call: Predict) -> None:
    """Let the model's code see the trace of a call; its parts are not timed here."""
    if call.trace or run.TRACE.get():
        run.TRACE.set(call.trace)


def checked(timed: Timed | None) -> None:
    if timed is not None:
        timed.checked_ns = time.time_ns()


def ran() -> None:
    """The author's code has returned."""
    if (timed := _TIMED.get()) is not None:
        timed.ran_ns = time.time_ns()
