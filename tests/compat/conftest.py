"""The hosts that the tests of this folder share, and those of their own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .cases.trainings import WITH_ARGUMENTS, WITH_ENDS
from .hosts import Host, Serve, serving, started, wait_until_ready
from .installed import declared
from .pairs import Pair, serving_both
from .peer import our_program

HOSTILE = declared("hostile_models") | declared("training_models")
SHARED = [
    *(name for name in declared("hostile_models") if name != "bad_schema"),
    *("acts", "takes_types", "takes_files", "takes_secrets"),
]


@pytest.fixture(scope="session")
def all_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Our host beside DEEPaaS 2.6.0, with all that is compared."""
    models = dict(declared("compat_models"))
    for case in [*WITH_ARGUMENTS, *WITH_ENDS]:
        name = case.begin.target.split("/")[3]
        models.setdefault(name, HOSTILE.get(name, ""))
    # A place is free a moment after the end of its training is to be seen: hence two.
    environment = {"OS_DEFAULT__TRAIN_WORKERS": "2"}
    folder = tmp_path_factory.mktemp("all-models")
    with serving_both("all-models", models, folder, environment=environment) as pair:
        yield pair


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Our host with the hostile models; whatever they did, it ends well."""
    options = ("--workers", "1", "--debug-endpoint", "--no-ui")
    models = {name: HOSTILE[name] for name in SHARED}
    with serving(
        our_program(), models, tmp_path_factory.mktemp("shared") / "host", *options
    ) as host:
        yield host
        host.process.send_signal(signal.SIGTERM)
        assert host.process.wait(timeout=20) == 0
        assert not host.family()
        # But for what a model has left there itself.
        left = [path.name for path in (host.folder / "tmp").iterdir()]
        assert [name for name in left if not name.startswith("telling-name")] == []


@pytest.fixture
def host(shared: Host) -> Iterator[Host]:
    """The host that the tests share, with no training left when one has ended."""
    yield shared
    for state in ("queued", "running"):
        for run in shared.get(f"/v2/models/acts/train/?status={state}").json():
            shared.ask("DELETE", f"/v2/models/acts/train/{run['uuid']}")


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Serve]:
    """Starts our host with some of the hostile models, without waiting for it."""
    with ExitStack() as stack:

        def begin(*models: str, options: tuple[str, ...] = (), base_path: str = "") -> Host:
            if base_path:
                options = (*options, "--base-path", base_path)
            chosen = {name: HOSTILE[name] for name in models}
            return stack.enter_context(started(our_program(), chosen, tmp_path / "host", *options))

        yield begin


@pytest.fixture
def serve(launch: Serve) -> Serve:
    """Starts our host with some of the hostile models, ready to be asked."""

    def begin(*models: str, options: tuple[str, ...] = (), base_path: str = "") -> Host:
        host = launch(*models, options=options, base_path=base_path)
        wait_until_ready(host, base_path)
        return host

    return begin
