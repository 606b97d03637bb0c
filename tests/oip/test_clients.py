"""The clients of others, as they are: all that they can do comes to what it should."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from support.host import Host

from benchmarks import kserve_client, triton_client

CLIENTS = Path(__file__).parent / "clients"


def checks(script: str) -> list[str]:
    return re.findall(r"^(?:async )?def (check_\w+)", (CLIENTS / script).read_text(), re.M)


def told(python: Path, script: str, address: str) -> dict[str, str]:
    """What each check has found wrong: one process for all, as it takes long to import."""
    done = subprocess.run(
        [python, CLIENTS / script, address], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def triton(host: Host) -> dict[str, str]:
    return told(triton_client.python(), "ask_with_triton.py", f"127.0.0.1:{host.port}/oip")


@pytest.fixture(scope="module")
def kserve(host: Host) -> dict[str, str]:
    # At the root, as KServe's own server has it.
    return told(kserve_client.python(), "ask_with_kserve.py", host.url)


@pytest.mark.parametrize("check", checks("ask_with_triton.py"))
def test_triton(triton: dict[str, str], check: str) -> None:
    assert triton[check] == ""


@pytest.mark.parametrize("check", checks("ask_with_kserve.py"))
def test_kserve(kserve: dict[str, str], check: str) -> None:
    assert kserve[check] == ""
