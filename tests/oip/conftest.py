"""The host that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host import Host, start_host

PREDICTORS = Path(__file__).parent / "predictors"
MODELS = ["plain", "oip_scalars", "oip_tensors", "oip_pair"]


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    files = {"writer": "writer.py", "upper": "writer.py", "typed": "typed.py"}
    paths = [f"{name}={PREDICTORS / file}:{name.title()}" for name, file in files.items()]
    options = [word for path in paths for word in ("--model-name", path)]
    with start_host(MODELS, *options, "--no-ui", "--root-protocol", "oip") as host:
        yield host
