"""The host that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host import Host, start_host

PREDICTORS = Path(__file__).parent / "predictors"
FILES = {
    "same": "arrays.py:Same",
    "denoise": "arrays.py:Denoise",
    "steps": "arrays.py:Steps",
    "stored": "arrays.py:Stored",
    "picture": "pictures.py:Picture",
    "torched": "torched.py:Torched",
}


def options_for(*names: str) -> list[str]:
    """Options that serve these predictors."""
    return [
        word for name in names for word in ("--model-name", f"{name}={PREDICTORS / FILES[name]}")
    ]


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    options = [*options_for(*FILES), "--no-ui", "--root-protocol", "deepinv"]
    with start_host(["plain", "oip_tensors", "deepinv_forms", "deepinv_names"], *options) as host:
        yield host
