"""One host for all tests that need one, with every predictor of `tests/models/typed`."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from compat.hosts import MARK, START_SECONDS, Host, end
from compat.installed import install
from compat.peer import our_program
from support import prepared
from support.host import free_port
from support.waiting import wait_until

MODELS = Path(__file__).parents[1] / "models/typed"
READY = (
    "Draws",
    "Finds",
    "Speaks",
    "Endless",
    "EndlessLater",
    "Sleeps",
    "Leaves",
    "Meets",
    "Weighs",
)
NOT_READY = ("SlowToStart", "FailsToStart", "Faulty")


@contextmanager
def hosting(
    folder: Path, *models: str, options: tuple[str, ...] = ("--no-ui",), **environment: str
) -> Iterator[Host]:
    """A host with these models; the package ``yields`` is installed beside it."""
    site = install({"yields": "yields_model"}, folder / "site")
    for name in ("tmp", "test"):
        (folder / name).mkdir()
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DEEPAAS", "OS_", "PYTHON", "COG"))
    }
    mark, port = uuid.uuid4().hex, free_port()
    own = {
        "PYTHONPATH": f"{site}:{MODELS / 'package'}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_STATE_HOME": str(folder / "state"),
        "COG_RUNTIME_TEST": str(folder / "test"),
        MARK: mark,
    }
    with (folder / "log").open("wb") as log:
        process = prepared.start(
            [our_program(), "--listen-port", str(port), *options, *models],
            environment=inherited | own | environment,
            folder=Path.cwd(),
            output=log.fileno(),
        )
    host = Host(process, port, folder, mark)
    try:
        yield host
    finally:
        end(host)


def state(host: Host, model: str) -> str:
    """Of a model, as ``/readyz`` tells it; empty while the host does not listen."""
    assert host.process.poll() is None, host.log
    try:
        return str(host.get("/readyz").json()["models"][model]["status"])
    except OSError:
        return ""


def wait_for_state(host: Host, model: str, wanted: str) -> None:
    try:
        wait_until(lambda: state(host, model) == wanted, f"{model} {wanted}", START_SECONDS)
    except TimeoutError as error:
        raise TimeoutError(f"{error}\n{host.log[-3000:]}") from None


def noted(host: Host) -> list[str]:
    """What the predictors have written into their journal."""
    journal = host.folder / "test/journal"
    return journal.read_text().splitlines() if journal.exists() else []


def path_of(name: str) -> str:
    return f"{name}={MODELS / 'predictors.py'}:{name}"


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("cog_runtime")
    models = [path_of(name) for name in (*READY, *NOT_READY)]
    with hosting(
        folder, "yields", str(MODELS / "project"), *models, COG_WEIGHTS="weights.bin"
    ) as host:
        for model in (*READY, "project", "yields"):
            wait_for_state(host, model, "ready")
        yield host


@pytest.fixture
def journal(host: Host) -> Callable[[], list[str]]:
    """What is written into the journal from now on."""
    before = len(noted(host))
    return lambda: noted(host)[before:]
