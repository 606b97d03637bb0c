"""The start ``inverse-problem`` of the template, called by DeepInverse's own client."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.host import start_host
from template.generated import generate

from benchmarks import deepinv_client

pytestmark = [pytest.mark.torch, pytest.mark.slow]

CLIENT = Path(__file__).parent / "clients" / "ask_template.py"

LOCAL = """
import sys

import torch
from leaf_counter import api, examples

calls = []
for example in examples.measurements():
    arrays = {n: v.numpy() if isinstance(v, torch.Tensor) else v for n, v in example.items()}
    calls.append((example, torch.as_tensor(api.predict(**arrays, weights="shipped")["x_hat"])))
torch.save(calls, sys.argv[1])
"""


def test_the_start_through_the_client(tmp_path: Path) -> None:
    made = generate(tmp_path, start="inverse-problem")
    calls = tmp_path / "calls.pt"
    subprocess.run(
        [sys.executable, "-c", LOCAL, str(calls)],
        check=True,
        env={**os.environ, "PYTHONPATH": str(made / "src")},
    )
    with start_host([], "--model-name", f"leaf={made}", "--no-ui") as host:
        said = subprocess.run(
            [deepinv_client.python(), CLIENT, f"{host.url}/deepinv/leaf", calls],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    assert said.stdout.split() == ["denoising", "inpainting", "blur"]
