"""What is counted of training runs, for metrics."""

from __future__ import annotations

from collections import Counter

from deepaas.metrics.distribution import Distribution
from deepaas.training.runs import State


class TrainingNumbers:
    """Attributes:
    ended: runs of this host, by model and last state.
    seconds: how long their processes have run, by model.
    """

    def __init__(self) -> None:
        self.ended: Counter[tuple[str, State]] = Counter()
        self.seconds: dict[str, Distribution] = {}

    def add(self, model: str, state: State, seconds: float) -> None:
        self.ended[model, state] += 1
        self.seconds.setdefault(model, Distribution()).add(seconds)
