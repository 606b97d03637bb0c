"""The shares of this machine that the processes of each model get."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from deepaas.resources.devices import DEVICE, Devices, Group, device_variables
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
        devices: the GPUs; None if the host does not decide who gets which.
    """

    def __init__(
        self,
        replicas: Mapping[str, Replicas],
        trainings_count: int,
        cores: int,
        environment: Mapping[str, str],
        devices: Devices | None = None,
    ) -> None:
        self._replicas = replicas
        self._trainings_count = trainings_count
        self._cores = cores
        self._environment = environment
        self._devices = devices
        self._has_own_device = DEVICE in environment

    def replicas(self, model: str) -> Replicas:
        """Return how many workers a model has; one if it is unknown."""
        return self._replicas.get(model, ONE)

    @property
    def processes_count(self) -> int:
        """Worker processes that can run at the same time, with those of training runs."""
        return sum(one.most for one in self._replicas.values()) + self._trainings_count

    @property
    def gives_gpus(self) -> bool:
        """Whether the host decides who gets which GPU."""
        return self._devices is not None

    def gpus(self, model: str, number: int) -> Group:
        """Return the GPUs of a worker; none if the host does not decide."""
        return () if self._devices is None else self._devices.of_worker(model, number)

    def of_worker(self, model: str, number: int) -> dict[str, str]:
        """Return the variables of a worker.

        `number` counts the replicas of its model from 1; 0 is a process that only checks arguments,
        and needs no GPU.
        """
        threads = self._threads(self.replicas(model).most)
        return threads | self._device(self.gpus(model, number))

    @contextlib.contextmanager
    def of_training(self, model: str) -> Iterator[dict[str, str]]:
        """Return the variables of a training run's process, which are its own until it ends."""
        threads = self._threads(self._trainings_count)
        if self._devices is None:
            yield threads | self._device(())
            return
        with self._devices.of_training(model) as group:
            yield threads | self._device(group)

    def _device(self, group: Group) -> dict[str, str]:
        if self._devices is not None:
            return device_variables(group)
        # The model sees all GPUs, but was not given one.
        return {} if self._has_own_device else {DEVICE: "cpu"}

    def _threads(self, count: int) -> dict[str, str]:
        return thread_variables(self._cores, count, self._environment)
