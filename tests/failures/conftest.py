"""Where the hosts of tests keep their trainings."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from training.postgres import postgres_database

from .host import Host
from .trainings import Ground

DATABASES = ["sqlite", "postgresql"]


@pytest.fixture(params=DATABASES)
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """A fresh state directory, with each of the databases; whole again after the test."""
    with _made(request.param, tmp_path) as ground:
        yield ground


@pytest.fixture(scope="module", params=DATABASES)
def lasting_ground(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    """One for all tests of a module."""
    with _made(request.param, tmp_path_factory.mktemp("ground")) as ground:
        yield ground


@pytest.fixture
def sqlite_ground(tmp_path: Path) -> Iterator[Ground]:
    """A fresh state directory with SQLite."""
    with _made("sqlite", tmp_path) as ground:
        yield ground


@pytest.fixture(scope="module")
def sqlite_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One host for several tests of a module, which leave nothing running."""
    folder = tmp_path_factory.mktemp("ground")
    with _made("sqlite", folder) as ground, ground.host(models=("trains", "plain")) as host:
        yield host


@contextmanager
def _made(database: str, folder: Path) -> Iterator[Ground]:
    if database == "sqlite":
        ground = Ground(folder / "state")
        yield ground
        ground.assert_whole()
    else:
        with postgres_database() as url:
            ground = Ground(folder / "state", url)
            yield ground
            ground.assert_whole()
