"""A host on a machine that is made up, by another library of NVIDIA's name; and on this one."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.client import request
from support.command_lines import run_each
from support.host import Host, start_host
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("gpus")

PACKAGES = Path(__file__).parent / "packages"
MODEL = "surroundings"
UUIDS = ["GPU-made-up-0", "GPU-made-up-1"]
OPTIONS = (f"--gpus={MODEL}=0.5", f"--workers={MODEL}=2", "--no-ui")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with pytest.MonkeyPatch.context() as changed:
        changed.delenv("OMP_NUM_THREADS", raising=False)
        with start_host([MODEL, "plain"], *OPTIONS, packages=PACKAGES) as started:
            yield started


def told(text: object) -> dict[str, str]:
    assert isinstance(text, dict)
    return {name: value for name, value in text.items() if name != "pid"}


def expected(uuid: str, replicas: int) -> dict[str, str]:
    threads = str(max(1, len(os.sched_getaffinity(0)) // replicas))
    return {
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": uuid,
        "DEEPAAS_DEVICE": "cuda:0",
        "MKL_NUM_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
    }


def test_workers_and_trainings_get_what_is_theirs(host: Host) -> None:
    predicted = host.predict(MODEL).json()["predictions"]
    assert told(predicted) == expected(UUIDS[0], 2)
    begun = request(host.port, "POST", f"/v2/models/{MODEL}/train/")
    path = f"/v2/models/{MODEL}/train/{begun.json()['uuid']}"
    wait_until(lambda: host.get(path).json()["status"] == "done", "it is done")
    # Its own, because there is one that no worker uses.
    assert told(host.get(path).json()["result"]["output"]) == expected(UUIDS[1], 1)


def test_it_is_shown_who_has_which(host: Host) -> None:
    models = host.get("/readyz").json()["models"]
    assert "gpus" not in models["plain"]
    given = {"index": 0, "uuid": UUIDS[0], "name": "Made-up GPU", "memory_bytes": 2**30}
    assert models[MODEL]["gpus"] == [
        {"worker": number, "gpus": [given], "used_bytes": None} for number in (1, 2)
    ]
    assert "GPU 0 (Made-up GPU)" in host.get("/", headers={"Accept": "text/html"}).body.decode()
    command = [sys.executable, "-m", "deepaas.cli", "list", "--url", host.url, "--json"]
    listed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert {one["name"]: one.get("gpus") for one in listed} == {MODEL: "GPU 0", "plain": None}


def test_what_cannot_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine, in one line at the start, and by ``--check-config``."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    lines = [
        ["--model-name", "plain", "--gpus", "plain=1"],
        ["--model-name", "plain", "--gpus", "plain=some"],
        ["--model-name", "plain", "--gpus", "plane=1"],
        ["--model-name", "plain", "--workers", "plane=1"],
    ]
    ended = run_each(tmp_path, ["plain"], [*lines, *([*line, "--check-config"] for line in lines)])
    library = importlib.util.find_spec("pynvml")
    why = "nvidia-ml-py is not installed" if library is None else "the NVIDIA driver"
    messages = [why, "'plain=some' must be", "Did you mean plain?", "Did you mean plain?"]
    for each, message in zip(ended, 2 * messages, strict=True):
        assert each.returncode == 1
        (line,) = each.output.splitlines()
        assert message in line
