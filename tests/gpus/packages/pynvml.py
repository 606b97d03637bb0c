"""NVIDIA's library on a machine that is made up: two GPUs, which no process uses."""

# ruff: noqa: N802 - the names of the library

from types import SimpleNamespace


class NVMLError(Exception):
    pass


def nvmlInit():
    pass


def nvmlShutdown():
    pass


def nvmlDeviceGetCount():
    return 2


def nvmlDeviceGetHandleByIndex(index):
    return index


def nvmlDeviceGetMigMode(_device):
    raise NVMLError


def nvmlDeviceGetName(_device):
    return "Made-up GPU"


def nvmlDeviceGetUUID(device):
    return f"GPU-made-up-{device}"


def nvmlDeviceGetMemoryInfo(_device):
    return SimpleNamespace(total=2**30, used=0)


def nvmlDeviceGetComputeRunningProcesses(_device):
    return []
