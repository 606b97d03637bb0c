"""The shares of this machine that the processes of each model get."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from deepaas.resources.replicas import Replicas
from deepaas.resources.threads import thread_variables

ONE = Replicas()


class Shares:
    """Decides which environment variables the worker processes of each model get.

    Args:
        replicas: of each model.
        trainings_count: training runs that can be active at the same time.
        cores: that the host can use.
        environment: the operator's, which has precedence.
    """

    def __init__(
        self,
        replicas: Mapping[str, Replicas],
        trainings_count: int,
        cores: int,
        environment: Mapping[str, str],
    ) -> None:
        self._replicas = replicas
        self._trainings_count = trainings_count
        self._cores = cores
        self._environment = environment

    def replicas(self, model: str) -> Replicas:
        """Return how many workers a model has; one if it is unknown."""
        return self._replicas.get(model, ONE)

    @property
    def processes_count(self) -> int:
        """Worker processes that can run at the same time, with those of training runs."""
        return sum(one.most for one in self._replicas.values()) + self._trainings_count

    def of_worker(self, model: str, number: int) -> dict[str, str]:
        """Return the variables of a worker; `number` counts the replicas of its model from 1."""
        del number
        return self._threads(self.replicas(model).most)

    @contextlib.contextmanager
    def of_training(self, model: str) -> Iterator[dict[str, str]]:
        """Return the variables of a training run's process, which are its own until it ends."""
        del model
        yield self._threads(self._trainings_count)

    def _threads(self, count: int) -> dict[str, str]:
        return thread_variables(self._cores, count, self._environment)
