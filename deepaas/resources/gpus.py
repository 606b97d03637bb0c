"""The GPUs of this machine, and how NVIDIA's library is asked: nowhere else, and in a thread."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

LIBRARY = "pynvml"
"""The module of nvidia-ml-py."""

LOOK_SECONDS = 10.0
"""A driver that does not answer within this time is not waited for."""

FRESH_SECONDS = 5.0
"""How old numbers may be; asking can block, and costs the GPU's driver time."""

REASONS = {
    "LibraryNotFound": "the NVIDIA driver is not installed (libnvidia-ml.so.1 is missing). In a "
    "container, start it with GPUs, such as docker run --gpus all.",
    "DriverNotLoaded": "the NVIDIA driver is not running (is there a GPU?).",
    "LibRmVersionMismatch": "the NVIDIA driver was updated; restart the machine.",
    "NoPermission": "this user may not use the NVIDIA driver.",
    "GpuIsLost": "a GPU does not respond any more; see nvidia-smi.",
}
"""What the errors of the library mean, by the ends of their names."""

Told = TypeVar("Told")


class NoGpus(Exception):
    """Why the GPUs of this machine are unknown, as the end of a sentence."""


@dataclass(frozen=True)
class Gpu:
    """A GPU, or a part of one (MIG).

    Attributes:
        index: as in ``nvidia-smi``: by PCI address. Of a part, that of its GPU.
        uuid: ``GPU-…`` or ``MIG-…``.
        is_part: whether it is a part.
        is_divided: whether programs can only use its parts.
    """

    index: int
    uuid: str
    name: str = ""
    memory_bytes: int = 0
    is_part: bool = False
    is_divided: bool = False

    def __str__(self) -> str:
        return f"{self.uuid if self.is_part else self.index} ({self.name or self.uuid})"


def is_installed() -> bool:
    return importlib.util.find_spec(LIBRARY) is not None


def open_library() -> Any:
    """Return the module, connected to the driver. Raises ``NoGpus``."""
    try:
        library = importlib.import_module(LIBRARY)
    except ImportError:
        raise NoGpus("nvidia-ml-py is not installed: pip install 'deepaas[gpu]'.") from None
    try:
        library.nvmlInit()
    except library.NVMLError as error:
        raise NoGpus(_reason(error)) from error
    return library


def list_gpus(seconds: float = LOOK_SECONDS, opened: Callable[[], Any] = open_library) -> list[Gpu]:
    """Ask for all GPUs and their parts, which can take up to `seconds`. Raises ``NoGpus``."""
    found: list[Gpu] = []
    errors: list[Exception] = []

    def ask() -> None:
        try:
            library = opened()
            try:
                found.extend(listed(library))
            finally:
                library.nvmlShutdown()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=ask, name="deepaas-gpus", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise NoGpus(f"the NVIDIA driver did not answer within {seconds:g} s; see nvidia-smi.")
    for error in errors:
        raise error if isinstance(error, NoGpus) else NoGpus(_reason(error))
    if not found:
        raise NoGpus("the NVIDIA driver found no GPU.")
    return found


def listed(library: Any) -> list[Gpu]:
    found = []
    for index in range(library.nvmlDeviceGetCount()):
        device = library.nvmlDeviceGetHandleByIndex(index)
        parts = _parts(library, device)
        found.append(_gpu(library, device, index, is_divided=parts is not None))
        found += [_gpu(library, part, index, is_part=True) for part in parts or ()]
    return found


def _parts(library: Any, device: Any) -> list[Any] | None:
    """None if the GPU is not divided."""
    try:
        mode, _pending = library.nvmlDeviceGetMigMode(device)
    except library.NVMLError:  # Most GPUs cannot be divided.
        return None
    if not mode:
        return None
    parts = []
    for number in range(library.nvmlDeviceGetMaxMigDeviceCount(device)):
        with contextlib.suppress(library.NVMLError):  # There are fewer than there could be.
            parts.append(library.nvmlDeviceGetMigDeviceHandleByIndex(device, number))
    return parts


def _gpu(
    library: Any, device: Any, index: int, *, is_part: bool = False, is_divided: bool = False
) -> Gpu:
    name, memory_bytes = "", 0
    with contextlib.suppress(library.NVMLError):
        name = _text(library.nvmlDeviceGetName(device))
    with contextlib.suppress(library.NVMLError):
        memory_bytes = int(library.nvmlDeviceGetMemoryInfo(device).total)
    uuid = _text(library.nvmlDeviceGetUUID(device))
    return Gpu(index, uuid, name, memory_bytes, is_part, is_divided)


def memory_by_process(library: Any) -> dict[int, int]:
    """Return the bytes that each process uses on GPUs, if the driver tells it."""
    used: dict[int, int] = {}
    for index in range(library.nvmlDeviceGetCount()):
        device = library.nvmlDeviceGetHandleByIndex(index)
        for one in [device, *(_parts(library, device) or ())]:
            with contextlib.suppress(library.NVMLError):
                for process in library.nvmlDeviceGetComputeRunningProcesses(one):
                    if process.usedGpuMemory is not None:
                        used[process.pid] = used.get(process.pid, 0) + process.usedGpuMemory
    return used


class GpuWatch(Generic[Told]):
    """Something about the GPUs, asked in a thread: a driver that hangs delays nobody."""

    def __init__(self, ask: Callable[[Any], Told], nothing: Told) -> None:
        self.installed = is_installed()
        self.error = ""
        self._ask = ask
        self._nothing = self._latest = nothing
        self._looked = 0.0
        self._thread: threading.Thread | None = None
        self._library: Any = None

    def latest(self) -> Told:
        """Return what is known; ask again, for the next time, if that is old."""
        is_due = time.monotonic() >= self._looked + FRESH_SECONDS
        if self.installed and is_due and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self.look, name="deepaas-gpus", daemon=True)
            self._thread.start()
        return self._latest

    def look(self) -> None:
        self._looked = time.monotonic()
        try:
            if self._library is None:
                self._library = open_library()
            self._latest, self.error = self._ask(self._library), ""
        except Exception as error:
            # A machine without a driver, or one that is being updated.
            self.error = str(error)
            self._latest, self._library = self._nothing, None


def in_words(gpus: Sequence[Gpu]) -> str:
    return ", ".join(map(str, gpus)) or "none"


def _reason(error: Exception) -> str:
    name = type(error).__name__.removeprefix("NVMLError_")
    return REASONS.get(name, f"the NVIDIA driver reported an error: {error}.")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
