"""Predictors that fail, are stopped, leave or die."""

from __future__ import annotations

from .. import differences as differ
from .case import cancelled, health, hooked, predict

CASES = [
    predict("Raises", "error"),
    predict("Raises", "without a text", kind="empty"),
    predict("Raises", "key", kind="key"),
    predict("Raises", "several lines", kind="lines"),
    predict("Raises", "chained", kind="chained"),
    predict("Raises", "afterwards", kind="none"),
    hooked("Raises", "webhook", events=["completed"]),
    predict("Raises", "interrupt", kind="interrupt"),
    cancelled("Sleeps", "cancelled", "asleep", differ.ENDS_AT_ONCE),
    predict("Sleeps", "afterwards", seconds=0),
    cancelled("TidiesUp", "cancelled", "asleep", differ.ENDS_AT_ONCE),
    cancelled("WillNotStop", "cancelled", "asleep", differ.ENDS_AT_ONCE),
    predict("Leaves", "leaves"),
    predict("Leaves", "afterwards", leave=False),
    predict("Dies", "dies", differ.CRASH_REASON),
    predict("Dies", "afterwards", differ.REPLACED, die=False),
    health("Dies", "health afterwards", differ.REPLACED),
]
