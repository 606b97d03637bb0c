"""What a model's code can tell during a call, or during a batch of calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from deepaas.messages import CallProgress, Measured, News, Predict
from deepaas.runtime.failures import one_line
from deepaas.runtime.json_values import BadResult, to_json
from deepaas.runtime.traits import Scope


def scope_of(calls: Sequence[Predict], post: Callable[[News], None], spool: Path) -> Scope:
    """The scope of one call, or of several that run together: what is told is told of each."""

    first = calls[0]
    context = first.context
    if len(calls) > 1 and any(call.context != context for call in calls):
        context = {}

    def measure(name: str, value: Any, mode: str) -> None:
        try:
            noted = to_json(value)
        except BadResult as error:
            # Raised in the model's code, where the author sees it.
            raise TypeError(f"metric {name!r}: {error}") from None
        for call in calls:
            post(Measured(call.id, name, noted, mode))

    def report(step: float, total: float | None, message: str) -> None:
        for call in calls:
            post(CallProgress(call.id, step, total, one_line(message)))

    return Scope(first.id, context, measure, spool, report)
