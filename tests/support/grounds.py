"""Where trainings are kept while tests run: each of the databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .postgres import postgres_database
from .trainings import Ground

DATABASES = ["sqlite", "postgresql"]


@contextmanager
def made_ground(database: str, folder: Path) -> Iterator[Ground]:
    """A fresh state directory with one of the databases; it must be whole in the end."""
    if database == "sqlite":
        ground = Ground(folder / "state")
        yield ground
        ground.assert_whole()
    else:
        with postgres_database() as url:
            ground = Ground(folder / "state", url)
            yield ground
            ground.assert_whole()
