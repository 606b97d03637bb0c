"""Both hosts for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .hosts import Host, Serve, started, wait_until_ready
from .installed import declared
from .peer import our_program, peer_program


@pytest.fixture(scope="session")
def theirs() -> Path:
    """The program of DEEPaaS 2.6.0."""
    return peer_program()


@pytest.fixture(scope="session")
def ours() -> Path:
    return our_program()


@pytest.fixture
def launch(ours: Path, tmp_path: Path) -> Iterator[Serve]:
    """Starts our host with some of the hostile models, without waiting for it."""
    hostile = declared("hostile_models") | declared("training_models")
    with ExitStack() as stack:

        def begin(*models: str, options: tuple[str, ...] = (), base_path: str = "") -> Host:
            if base_path:
                options = (*options, "--base-path", base_path)
            chosen = {name: hostile[name] for name in models}
            return stack.enter_context(started(ours, chosen, tmp_path / "host", *options))

        yield begin


@pytest.fixture
def serve(launch: Serve) -> Serve:
    """Starts our host with some of the hostile models, ready to be asked."""

    def begin(*models: str, options: tuple[str, ...] = (), base_path: str = "") -> Host:
        host = launch(*models, options=options, base_path=base_path)
        wait_until_ready(host, base_path)
        return host

    return begin
