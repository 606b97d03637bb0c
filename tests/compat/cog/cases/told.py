"""Metrics, logs and the context."""

from __future__ import annotations

from .. import differences as differ
from .case import hooked, predict, request

CASES = [
    predict("Measures", "waited for"),
    hooked("Measures", "webhook", events=["completed"]),
    predict("MeasuresNothing", "takes one away", differ.METRIC_TAKEN_AWAY),
    *[
        predict("MeasuresWrongly", kind, kind=kind)
        for kind in ("name", "reserved", "type", "mode", "value", "deep")
    ],
    predict("KnowsContext", "none"),
    request(
        "KnowsContext",
        "given",
        "POST",
        "/predictions",
        {"input": {}, "context": {"b": "2", "a": "1"}},
    ),
    predict("Prints", "waited for"),
    hooked("Prints", "webhook", events=["completed"]),
    predict("PrintsInChild", "waited for", differ.CHILDREN_PRINT),
]
