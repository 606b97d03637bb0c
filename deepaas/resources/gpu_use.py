"""Who has which GPU, and how much of its memory each worker takes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from deepaas.resources.gpus import Gpu, GpuWatch, memory_by_process
from deepaas.resources.shares import Shares

_NAME_CHARACTERS = 12
"""So much of a UUID tells parts of a GPU apart."""


class GivenGpu(msgspec.Struct, frozen=True):
    index: int
    uuid: str
    name: str
    memory_bytes: int


class WorkerGpus(msgspec.Struct, frozen=True):
    """The GPUs of a worker.

    `worker` is its number, from 1 on; `used_bytes` the GPU memory that its process uses, null if
    the driver does not tell it: for parts of GPUs, and in containers, where processes have other
    ids.
    """

    worker: int
    gpus: list[GivenGpu]
    used_bytes: int | None = None


class GpuUse:
    def __init__(self, shares: Shares) -> None:
        self._shares = shares
        self._memory: GpuWatch[dict[int, int]] = GpuWatch(memory_by_process, {})

    def of_model(self, model: str, workers: Iterable[tuple[int, int]]) -> list[WorkerGpus]:
        """Return the GPUs of its workers, given as numbers and process ids (0 for none)."""
        if not self._shares.gives_gpus:
            return []
        used = self._memory.latest()
        return [
            WorkerGpus(number, list(map(_given, group)), used.get(pid) if pid else None)
            for number, pid in workers
            if (group := self._shares.gpus(model, number))
        ]


def summary(workers: Iterable[WorkerGpus]) -> str:
    """Return the GPUs of a model in a line; empty if it has none."""
    shown = {_name(gpu): None for worker in workers for gpu in worker.gpus}
    return ", ".join(shown)


def _given(gpu: Gpu) -> GivenGpu:
    return GivenGpu(gpu.index, gpu.uuid, gpu.name, gpu.memory_bytes)


def _name(gpu: GivenGpu) -> str:
    part = f" {gpu.uuid[:_NAME_CHARACTERS]}" if gpu.uuid.startswith("MIG-") else ""
    return f"GPU {gpu.index}{part}" + (f" ({gpu.name})" if gpu.name else "")
