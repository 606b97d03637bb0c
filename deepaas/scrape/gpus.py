"""Metrics of NVIDIA GPUs, if the package nvidia-ml-py is installed (``deepaas[gpu]``)."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from deepaas.metrics.families import Family, Kind

_log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How old numbers may be; asking can block, and costs the GPU's driver time."""

LIBRARY = "pynvml"
"""The module of nvidia-ml-py."""

GPU = ("gpu",)


class Gpus:
    """The GPUs of this machine, asked in a thread: a driver that hangs delays nobody."""

    def __init__(self) -> None:
        self.installed = importlib.util.find_spec(LIBRARY) is not None
        self._latest: Sequence[Family] = ()
        self._looked = 0.0
        self._thread: threading.Thread | None = None
        self._library: Any = None

    def families(self) -> Sequence[Family]:
        """The latest numbers; asks for new ones, for the next scrape."""
        is_due = time.monotonic() >= self._looked + LOOK_SECONDS
        if self.installed and is_due and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self.look, name="deepaas-gpus", daemon=True)
            self._thread.start()
        return self._latest

    def look(self) -> None:
        self._looked = time.monotonic()
        try:
            if self._library is None:
                library = importlib.import_module(LIBRARY)
                library.nvmlInit()
                self._library = library
            self._latest = told(self._library)
        except Exception as error:
            # A machine without a driver, or one that is being updated.
            _log.log(logging.DEBUG if self._library is None else logging.WARNING, "GPUs: %s", error)
            self._latest, self._library = (), None


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
