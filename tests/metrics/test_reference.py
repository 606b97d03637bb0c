"""`docs/reference/metrics.md` lists what a host tells."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.host import Host

from deepaas.metrics.families import Family, Kind
from deepaas.resources.gpus import GpuWatch
from deepaas.scrape import gpus

from .scraped import scrape

pytestmark = pytest.mark.xdist_group("metrics")

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"

ROW = re.compile(r"^\| `([a-z_]+)` \| (\w+) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def listed() -> dict[str, tuple[str, str, str]]:
    return {
        name: (kind, labels, text) for name, kind, labels, text in ROW.findall(PAGE.read_text())
    }


def test_all_metrics_are_listed_with_type_labels_and_text(host: Host) -> None:
    page = {name: row for name, row in listed().items() if not name.startswith("deepaas_gpu")}
    told = scrape(host)
    found = {}
    for line in told.text.splitlines():
        if line.startswith("# HELP"):
            _, _, name, text = line.split(" ", 3)
        elif line.startswith("# TYPE"):
            kind = "info" if name.endswith("_info") else line.split()[3]
            found[name] = (kind, text)
    assert {name: (kind, text) for name, (kind, _, text) in page.items()} == found
    for family in told.families.values():
        for sample in family.samples:
            name = re.sub(r"_(bucket|sum|count)$", "", sample.name)
            labels = ", ".join(f"`{label}`" for label in sample.labels if label != "le")
            assert page[name][1] == labels, name


class Nvml(SimpleNamespace):
    """What the library of NVIDIA answers for one GPU that cannot tell its power."""

    NVML_TEMPERATURE_GPU = 0

    class NVMLError(Exception):
        pass

    def __getattr__(self, name: str) -> Any:
        values = {
            "nvmlDeviceGetCount": 1,
            "nvmlDeviceGetName": "NVIDIA H200",
            "nvmlDeviceGetUUID": "GPU-1",
            "nvmlDeviceGetMemoryInfo": SimpleNamespace(used=3, total=10),
            "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=50),
            "nvmlDeviceGetTemperature": 40,
        }

        def answer(*_: Any) -> Any:
            if name == "nvmlDeviceGetPowerUsage":
                raise self.NVMLError
            return values.get(name)

        return answer


def test_gpus_are_listed() -> None:
    families = gpus.told(Nvml())
    page = {name: row for name, row in listed().items() if name.startswith("deepaas_gpu")}
    assert {_name(one): (one.kind.value, _labels(one), one.text) for one in families} == page
    values = {one.name: [value for _, value in one.rows] for one in families}
    assert values["deepaas_gpu_utilization_ratio"] == [0.5]
    assert values["deepaas_gpu_memory_used_bytes"] == [3]
    assert values["deepaas_gpu_power_watts"] == []


def _name(family: Family) -> str:
    return family.name + ("_info" if family.kind is Kind.INFO else "")


def _labels(family: Family) -> str:
    return ", ".join(f"`{label}`" for label in family.labels)


def test_a_machine_without_a_gpu_tells_nothing() -> None:
    """With the library or without it: the metrics of the host are there, and these are not."""
    found: GpuWatch[int] = GpuWatch(lambda _: 1, 0)
    found.look()
    assert found.latest() == 0 and found.error
    assert list(gpus.Gpus().families()) == []
