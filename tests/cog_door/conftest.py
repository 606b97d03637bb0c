"""The host that most tests of this folder share."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.grounds import DATABASES, made_ground
from support.host import Host, start_host
from support.trainings import Ground

from .door import PREDICTORS, Door, Receiver, receiver

MODELS = {
    "answers": "answers.py:Predictor",
    "streams": "streams.py:Predictor",
    "together": "together",
    "reads": "reads.py:Predictor",
    "takes": "takes",
}


def named(*names: str) -> list[str]:
    """The options that have a host serve these predictors."""
    return [
        word for name in names for word in ("--model-name", f"{name}={PREDICTORS / MODELS[name]}")
    ]


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """Serves all predictors, and calls private addresses."""
    # Inputs are in memory, several times over for a moment: those of 14 MB here.
    other = ["--model-name", f"other={PREDICTORS / 'together'}"]
    options = [*named(*MODELS), *other, "--cog-private-urls", "--no-ui"]
    with start_host(["plain"], *options, max_peak_mb=160) as host:
        yield host


@pytest.fixture
def answers(host: Host) -> Door:
    return Door(host, "/cog/answers")


@pytest.fixture
def streams(host: Host) -> Door:
    return Door(host, "/cog/streams")


@pytest.fixture
def together(host: Host) -> Door:
    return Door(host, "/cog/together")


@pytest.fixture
def reads(host: Host) -> Door:
    return Door(host, "/cog/reads")


@pytest.fixture
def takes(host: Host) -> Door:
    return Door(host, "/cog/takes")


@dataclass(frozen=True)
class Database:
    """Where the host that the tests share keeps predictions, trainings and webhooks."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "trainings.sqlite"

    def rows(self, sql: str, *values: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self.path, timeout=20)) as connection:
            return connection.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Meanwhile nobody can write."""
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")


@pytest.fixture(scope="session")
def database(host: Host) -> Database:
    return Database(host.home / "state" / "deepaas")


@pytest.fixture
def receiving() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


Serving = Callable[..., AbstractContextManager[Host]]


@pytest.fixture
def serving() -> Serving:
    """Starts a host of its own: ``serving("answers", "--option", state=path)``."""

    def start(names: str, *options: str, **more: Any) -> AbstractContextManager[Host]:
        return start_host([], *named(*names.split()), "--no-ui", *options, **more)

    return start


# In `make test` SQLite alone, but for the tests that ask for `each_ground`: `tests/training` knows
# of both what the store does.
@pytest.fixture(params=DATABASES if os.environ.get("DEEPAAS_SOAK") == "1" else DATABASES[:1])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """A fresh state directory, with one of the databases."""
    with made_ground(request.param, tmp_path) as ground:
        yield ground


@pytest.fixture(params=DATABASES)
def each_ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """A fresh state directory, with each of the databases."""
    with made_ground(request.param, tmp_path) as ground:
        yield ground
