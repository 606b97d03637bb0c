"""Which GPUs each worker and each training run gets."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from deepaas.errors import ConfigError
from deepaas.resources.gpu_wishes import GpuWish
from deepaas.resources.gpus import Gpu, in_words

VISIBLE = "CUDA_VISIBLE_DEVICES"
DEVICE = "DEEPAAS_DEVICE"

Group = tuple[Gpu, ...]
"""The GPUs of one process; empty for the CPU."""


def visible_gpus(gpus: Sequence[Gpu], text: str | None) -> list[Gpu]:
    """Return those that the operator's ``CUDA_VISIBLE_DEVICES`` allows; all if it is not set.

    As in CUDA, the list ends at the first entry that does not exist.
    """
    if text is None:
        return list(gpus)
    found: list[Gpu] = []
    for word in text.split(","):
        matching = _matching(gpus, word.strip())
        if not matching:
            break
        found += [gpu for gpu in matching if gpu not in found]
        # Who may use a GPU may use its parts.
        whole = {gpu.index for gpu in matching if gpu.is_divided}
        found += [gpu for gpu in gpus if gpu.is_part and gpu.index in whole and gpu not in found]
    return found


class Devices:
    """The GPUs of each worker, decided once, and those of training runs, as they come and go.

    Raises ``ConfigError`` if there are too few.
    """

    def __init__(
        self,
        wishes: Mapping[str, GpuWish],
        replicas: Mapping[str, int],
        gpus: Sequence[Gpu],
    ) -> None:
        self._wishes = wishes
        self._gpus = list(gpus)
        self._whole = [gpu for gpu in gpus if not (gpu.is_part or gpu.is_divided)]
        self._groups: dict[str, list[Group]] = {}
        self._training: Counter[Group] = Counter()
        for name, wish in wishes.items():
            if wish.named:
                self._groups[name] = self._divided(name, wish, replicas[name])
        free = [gpu for gpu in self._whole if gpu not in self._taken()]
        for name, wish in wishes.items():
            if not wish.named and not wish.part:
                self._groups[name] = _counted(name, wish, replicas[name], free)
        rest: dict[Gpu, Fraction] = {}
        for name, wish in wishes.items():
            if wish.part:
                self._groups[name] = _packed(name, wish, replicas[name], free, rest)

    def of_worker(self, model: str, number: int) -> Group:
        """Return the GPUs of a worker; `number` counts from 1, others get none."""
        groups = self._groups.get(model, [])
        return groups[number - 1] if 1 <= number <= len(groups) else ()

    @contextlib.contextmanager
    def of_training(self, model: str) -> Iterator[Group]:
        """Keep GPUs for a training run: as many as a worker has, that nobody uses if possible.

        Otherwise those of a worker of its model, which then shares them with the run.
        """
        group = self._for_training(model)
        if group:
            self._training[group] += 1
        try:
            yield group
        finally:
            if group:
                self._training[group] -= 1

    def _for_training(self, model: str) -> Group:
        groups = [group for group in self._groups.get(model, []) if group]
        if not groups:
            return ()
        if not self._wishes[model].named:
            used = self._taken().union(*(group for group, n in self._training.items() if n))
            free = [gpu for gpu in self._whole if gpu not in used]
            count = len(groups[0])
            if len(free) >= count:
                return tuple(free[:count])
        return min(groups, key=lambda group: self._training[group])

    def _taken(self) -> set[Gpu]:
        return {gpu for groups in self._groups.values() for group in groups for gpu in group}

    def _divided(self, model: str, wish: GpuWish, count: int) -> list[Group]:
        gpus: list[Gpu] = []
        for word in wish.named:
            gpus += [gpu for gpu in [self._named(model, word)] if gpu not in gpus]
        if count % len(gpus) == 0:
            return [(gpus[number % len(gpus)],) for number in range(count)]
        if len(gpus) % count:
            raise ConfigError(
                f"--gpus: {len(gpus)} GPUs cannot be divided equally among {count} workers of "
                f"model {model!r}."
            )
        size = len(gpus) // count
        if any(gpu.is_part for gpu in gpus):
            raise ConfigError(
                f"--gpus: a process can use only one part of a GPU (MIG), but each worker of model "
                f"{model!r} would get {size}. Use --workers {model}={len(gpus)}."
            )
        return [tuple(gpus[start : start + size]) for start in range(0, len(gpus), size)]

    def _named(self, model: str, word: str) -> Gpu:
        found = _matching(self._gpus, word)
        if len(found) > 1:
            raise ConfigError(f"--gpus {model}: {word!r} is the beginning of several UUIDs.")
        if not found:
            raise ConfigError(
                f"--gpus {model}: GPU {word} does not exist here or is hidden by {VISIBLE}. "
                f"GPUs: {in_words(self._gpus)}."
            )
        if found[0].is_divided:
            parts = [gpu.uuid for gpu in self._gpus if gpu.is_part and gpu.index == found[0].index]
            raise ConfigError(
                f"--gpus {model}: GPU {word} is divided (MIG); name its parts: "
                f"{', '.join(parts) or 'none yet, see nvidia-smi mig'}."
            )
        return found[0]


def device_variables(group: Group) -> dict[str, str]:
    """Return the environment variables that show a process these GPUs and no others."""
    return {
        # Otherwise CUDA sorts them by speed, and the numbers differ from those of nvidia-smi.
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        VISIBLE: ",".join(gpu.uuid for gpu in group),
        DEVICE: "cuda:0" if group else "cpu",
    }


def _matching(gpus: Sequence[Gpu], word: str) -> list[Gpu]:
    """By index or UUID, of which the beginning is enough, as in CUDA."""
    if word.isascii() and word.isdecimal():
        return [gpu for gpu in gpus if gpu.index == int(word) and not gpu.is_part]
    if not word.startswith(("GPU-", "MIG-")):
        return []
    exact = [gpu for gpu in gpus if gpu.uuid == word]
    return exact or [gpu for gpu in gpus if gpu.uuid.startswith(word)]


def _counted(model: str, wish: GpuWish, count: int, free: list[Gpu]) -> list[Group]:
    """Take them out of `free`."""
    needed = count * wish.count
    if needed > len(free):
        workers = f"{count} worker{'s' if count > 1 else ''}"
        raise ConfigError(
            f"--gpus: model {model!r} needs {needed} ({workers} with {wish.count} each), but the "
            f"free GPUs that are not divided (MIG) or hidden ({VISIBLE}) are: {in_words(free)}."
        )
    groups = []
    for _ in range(count):
        groups.append(tuple(free[: wish.count]))
        del free[: wish.count]
    return groups


def _packed(
    model: str, wish: GpuWish, count: int, free: list[Gpu], rest: dict[Gpu, Fraction]
) -> list[Group]:
    """Fill one GPU after the other; `rest` is what is left of those that are begun."""
    groups: list[Group] = []
    for _ in range(count):
        gpu = next((one for one, left in rest.items() if left >= wish.part), None)
        if gpu is None:
            if not free:
                raise ConfigError(
                    f"--gpus: no GPU has room for {float(wish.part):g} of model {model!r} (worker "
                    f"{len(groups) + 1} of {count}); all others are given away."
                )
            gpu = free.pop(0)
            rest[gpu] = Fraction(1)
        rest[gpu] -= wish.part
        groups.append((gpu,))
    return groups
