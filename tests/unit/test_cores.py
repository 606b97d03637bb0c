"""How many cores a host can use, with and without limits of its control group."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deepaas.resources.cores import usable_cores

HERE = len(os.sched_getaffinity(0))
PERIOD = 100_000


def usable(tmp_path: Path, own: str, files: dict[str, str]) -> int:
    (tmp_path / "own").write_text(own)
    for name, text in files.items():
        path = tmp_path / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return usable_cores(tmp_path / "own", tmp_path / "groups")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"cpu.max": f"max {PERIOD}\n"},
        {"cpu.max": f"{(HERE + 1) * PERIOD} {PERIOD}\n"},
        {"cpu.max": "nonsense"},
        {"cpu.max": "1 0"},
    ],
)
def test_without_a_limit_that_counts(tmp_path: Path, files: dict[str, str]) -> None:
    assert usable(tmp_path, "0::/\n", files) == HERE


@pytest.mark.parametrize(("quota", "cores"), [(0.5, 1), (1, 1), (1.9, 1)])
def test_a_limit_of_a_container(tmp_path: Path, quota: float, cores: int) -> None:
    limit = f"{int(quota * PERIOD)} {PERIOD}\n"
    assert usable(tmp_path, "0::/\n", {"cpu.max": limit}) == cores
    # Docker without a namespace of control groups shows the path on the machine.
    assert usable(tmp_path, "0::/docker/0123\n", {"cpu.max": limit}) == cores


def test_a_limit_of_a_group_above(tmp_path: Path) -> None:
    files = {"slice/cpu.max": f"{PERIOD} {PERIOD}\n", "slice/unit/cpu.max": f"max {PERIOD}\n"}
    assert usable(tmp_path, "0::/slice/unit\n", files) == 1


def test_version_1(tmp_path: Path) -> None:
    folder = "cpu,cpuacct/docker/0123/cpu"
    files = {f"{folder}.cfs_quota_us": f"{PERIOD}\n", f"{folder}.cfs_period_us": f"{PERIOD}\n"}
    own = "3:cpuset:/\n2:cpu,cpuacct:/docker/0123\n1:name=systemd:/\n"
    assert usable(tmp_path, own, files) == 1
    unlimited = files | {f"{folder}.cfs_quota_us": "-1\n"}
    assert usable(tmp_path, own, unlimited) == HERE


def test_a_machine_without_control_groups(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "nothing", tmp_path / "nowhere") == HERE
