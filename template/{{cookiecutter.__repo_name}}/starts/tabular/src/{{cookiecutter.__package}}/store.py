"""Where fitted forests lie: one that is always there, and by name those trained since."""

import functools
import os
import shutil
from pathlib import Path

import joblib
from sklearn.ensemble import RandomForestClassifier

from . import data

STANDARD = "standard"


class UnknownForestError(ValueError):
    """There is no forest of that name; the message is meant for whoever asked for it."""


def folder() -> Path:
    """Where trainings leave their forests."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "{{ cookiecutter.__package }}"


def names() -> list[str]:
    """Of all forests there are."""
    return [STANDARD, *sorted(path.stem for path in folder().glob("*.joblib"))]


def load(name: str) -> RandomForestClassifier:
    """The forest of that name.

    Raises:
        UnknownForestError: there is none.
    """
    if name == STANDARD:
        return _standard()
    path = folder() / f"{name}.joblib"
    if not path.is_file():
        raise UnknownForestError(f"no forest is called {name}; there are: {', '.join(names())}")
    return _load(path, path.stat().st_mtime_ns)


@functools.cache
def _standard() -> RandomForestClassifier:
    """Fitted here and not shipped: a file would not outlive the next version of scikit-learn."""
    flowers = data.fisher()
    forest = RandomForestClassifier(n_estimators=100, max_depth=4, random_state=1)
    return forest.fit(flowers.features, flowers.species)


@functools.lru_cache(maxsize=4)
def _load(path: Path, modified_ns: int) -> RandomForestClassifier:
    """Forests are read once; a file that has been replaced has another time."""
    return joblib.load(path)


def save(forest: RandomForestClassifier, path: Path) -> None:
    """Write a forest. Only read those files that you have written: they can hold any code."""
    joblib.dump(forest, path)


def publish(path: Path, name: str) -> None:
    """Copy a file with a forest to where `load` finds it by that name."""
    folder().mkdir(parents=True, exist_ok=True)
    # Under another name first: nobody ever sees half of it.
    partial = folder() / f".{name}.{os.getpid()}"
    shutil.copyfile(path, partial)
    partial.replace(folder() / f"{name}.joblib")
