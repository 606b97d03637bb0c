"""Metrics of NVIDIA GPUs, if the package nvidia-ml-py is installed (``deepaas[gpu]``)."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

from deepaas.metrics.families import Family, Kind
from deepaas.resources.gpus import GpuWatch

_log = logging.getLogger(__name__)

GPU = ("gpu",)


class Gpus:
    """The GPUs of this machine."""

    def __init__(self) -> None:
        self._watch: GpuWatch[Sequence[Family]] = GpuWatch(told, ())
        self._told = ""

    def families(self) -> Sequence[Family]:
        """The latest numbers; asks for new ones, for the next scrape."""
        found = self._watch.latest()
        if self._watch.error != self._told:
            self._told = self._watch.error
            _log.debug("GPUs: %s", self._told)
        return found


def told(nvml: Any) -> list[Family]:
    info = Family("deepaas_gpu", Kind.INFO, "A GPU of this machine.", ("gpu", "name", "uuid"))
    used = _gauge("deepaas_gpu_memory_used_bytes", "Used memory of a GPU, by all its users.")
    memory = _gauge("deepaas_gpu_memory_bytes", "Memory of a GPU.")
    busy = _gauge("deepaas_gpu_utilization_ratio", "Part of the time in which a GPU was busy.")
    power = _gauge("deepaas_gpu_power_watts", "Power that a GPU draws.")
    heat = _gauge("deepaas_gpu_temperature_celsius", "Temperature of a GPU.")
    for index in range(nvml.nvmlDeviceGetCount()):
        number = str(index)
        with contextlib.suppress(nvml.NVMLError):
            device = nvml.nvmlDeviceGetHandleByIndex(index)
            name, uuid = nvml.nvmlDeviceGetName(device), nvml.nvmlDeviceGetUUID(device)
            info.add(1, number, name, uuid)
        questions: list[tuple[Family, Callable[[Any], float]]] = [
            (used, lambda one: nvml.nvmlDeviceGetMemoryInfo(one).used),
            (memory, lambda one: nvml.nvmlDeviceGetMemoryInfo(one).total),
            (busy, lambda one: nvml.nvmlDeviceGetUtilizationRates(one).gpu / 100),
            (power, lambda one: nvml.nvmlDeviceGetPowerUsage(one) / 1000),
            (heat, lambda one: nvml.nvmlDeviceGetTemperature(one, nvml.NVML_TEMPERATURE_GPU)),
        ]
        for family, ask in questions:
            # Not every GPU can tell everything, for example as a part of one (MIG).
            with contextlib.suppress(nvml.NVMLError):
                family.add(ask(nvml.nvmlDeviceGetHandleByIndex(index)), number)
    return [info, used, memory, busy, power, heat]


def _gauge(name: str, text: str) -> Family:
    return Family(name, Kind.GAUGE, text, GPU)
