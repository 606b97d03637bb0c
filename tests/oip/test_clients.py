"""The clients of others, as they are: all that they can do comes to what it should."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.client_checks import checks, told
from support.host import Host

from benchmarks import kserve_client, triton_client

CLIENTS = Path(__file__).parent / "clients"
TRITON, KSERVE = CLIENTS / "ask_with_triton.py", CLIENTS / "ask_with_kserve.py"


@pytest.fixture(scope="module")
def triton(host: Host) -> dict[str, str]:
    return told(triton_client.python(), TRITON, f"127.0.0.1:{host.port}/oip")


@pytest.fixture(scope="module")
def kserve(host: Host) -> dict[str, str]:
    # At the root, as KServe's own server has it.
    return told(kserve_client.python(), KSERVE, host.url)


@pytest.mark.parametrize("check", checks(TRITON))
def test_triton(triton: dict[str, str], check: str) -> None:
    assert triton[check] == ""


@pytest.mark.parametrize("check", checks(KSERVE))
def test_kserve(kserve: dict[str, str], check: str) -> None:
    assert kserve[check] == ""
