"""One host with the real demo_app, for all pages that need no other."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from support.waiting import wait_until

from .pasted import ROOT, Reader, end
from .session import listens


@pytest.fixture(scope="session")
def demo_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of what `make run` serves. Tests that ask it are in the group `demo_host`."""
    reader = Reader(tmp_path_factory.mktemp("demo_host"))
    with (reader.folder / "host.log").open("wb") as log:
        host = subprocess.Popen(
            [reader.folder / ".venv/bin/deepaas-run", "--model-name", "demo_app"],
            cwd=ROOT,
            env=reader.environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
            text=True,
        )
    try:
        wait_until(lambda: listens(reader.port), "the demo host listens")
        yield reader.port
    finally:
        end(host)
