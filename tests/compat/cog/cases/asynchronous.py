"""Asynchronous predictors."""

from __future__ import annotations

from .. import differences as differ
from .case import all_at_once, cancelled, health, predict, stream

CASES = [
    predict("Waits", "waited for"),
    predict("SetsUpLater", "set up"),
    predict("YieldsLater", "waited for"),
    stream("YieldsLater", "events"),
    predict("SpeaksLater", "waited for"),
    stream("SpeaksLater", "events"),
    predict("FailsLater", "fails"),
    cancelled("StopsLater", "cancelled", "begun", differ.ENDS_AT_ONCE),
    all_at_once("Meets", "three at a time", {"name": "a"}, {"name": "b"}, {"name": "c"}),
    health("Meets", "health"),
]
