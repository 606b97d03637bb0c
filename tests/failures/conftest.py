"""Where the hosts of tests keep their trainings."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.grounds import made_ground
from support.host import Host
from support.lasting import Since, lasting
from support.trainings import Ground


@pytest.fixture
def sqlite_ground(tmp_path: Path) -> Iterator[Ground]:
    """A fresh state directory with SQLite."""
    with made_ground("sqlite", tmp_path) as ground:
        yield ground


@pytest.fixture(scope="module")
def lasting_ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """One with SQLite for all tests of a module."""
    with made_ground("sqlite", tmp_path_factory.mktemp("ground")) as ground:
        yield ground


@pytest.fixture(scope="module")
def sqlite_host(lasting_ground: Ground) -> Iterator[Host]:
    """One host for several tests of a module, which leave nothing running."""
    with lasting_ground.host(models=("trains", "plain")) as host:
        yield host


@pytest.fixture
def since(host: Host) -> Iterator[Since]:
    """What one test does to the host of its module, which it has to leave whole."""
    with lasting(host) as since:
        yield since
