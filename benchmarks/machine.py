"""Describes the machine that measures: without it no figure means anything."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


def describe() -> str:
    memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    parts = [
        _cpu_model(),
        f"{len(os.sched_getaffinity(0))} cores",
        f"{memory_bytes / 2**30:.0f} GiB memory",
        f"Python {platform.python_version()}",
        f"aiohttp {version('aiohttp')}",
        f"{platform.system()} {platform.release()}",
    ]
    return ", ".join(parts)


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
