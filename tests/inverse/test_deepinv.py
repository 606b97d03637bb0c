"""The physics of DeepInverse 0.5.0 itself, in its own environment."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import marshmallow
import pytest

from benchmarks import deepinv_client

HERE = Path(__file__).parent
SHAPE = [2, 3, 32, 40]
KINDS = {
    "denoising": "Denoising",
    "inpainting": "Inpainting",
    "demosaicing": "Demosaicing",
    "blur": "Blur",
    "downsampling": "Downsampling",
    "mri": "MRI",
}


@pytest.fixture(scope="module")
def told() -> list[dict[str, Any]]:
    packages = Path(marshmallow.__file__).parents[1]
    script = str(HERE / "clients/build_physics.py")
    program = [str(deepinv_client.python()), "-W", "ignore", script]
    done = subprocess.run(
        [*program, str(HERE.parents[1]), str(packages)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_built(told: list[dict[str, Any]]) -> None:
    built = [one for one in told if "kind" in one]
    assert {one["name"]: one["kind"] for one in built} == KINDS
    shapes = {(one["name"], *one["x"]) for one in built}
    assert {("blur", 2, 3, 36, 42), ("blur", *SHAPE), ("downsampling", 2, 3, 128, 160)} <= shapes
    for one in built:
        assert one["y"] == ([2, 2, 32, 40] if one["name"] == "mri" else SHAPE)
        assert one["same"], "NumPy arrays give another physics"
    noise = [(one["noise"], round(one["sigma"], 3)) for one in built]
    assert noise[:4] == [
        ("GaussianNoise", 0.1),
        ("GaussianNoise", 0.3),
        ("ZeroNoise", 0),
        ("GaussianNoise", 0.1),
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_refused(told: list[dict[str, Any]]) -> None:
    refused = [one["refused"] for one in told if "refused" in one]
    assert refused == [
        *("mask", "mask", "physics"),
        *("filter", "filter", "filter", "filter", "padding"),
        *("factor", "physics", "physics"),
    ]
