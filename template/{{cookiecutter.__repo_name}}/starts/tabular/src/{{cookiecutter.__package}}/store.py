"""Stores fitted forests: a standard one, and those trained later, by name."""

import functools
import os
import shutil
from pathlib import Path

import joblib
from sklearn.ensemble import RandomForestClassifier

from . import data

STANDARD = "standard"


class UnknownForestError(ValueError):
    """There is no forest with this name. The message is shown to the client."""


def folder() -> Path:
    """The folder for the forests of training runs."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "{{ cookiecutter.__package }}"


def names() -> list[str]:
    """The names of all available forests."""
    return [STANDARD, *sorted(path.stem for path in folder().glob("*.joblib"))]


def load(name: str) -> RandomForestClassifier:
    """Load the forest with this name.

    Raises:
        UnknownForestError: there is none.
    """
    if name == STANDARD:
        return _standard()
    path = folder() / f"{name}.joblib"
    if not path.is_file():
        raise UnknownForestError(f"forest '{name}' not found; available: {', '.join(names())}")
    return _load(path, path.stat().st_mtime_ns)


@functools.cache
def _standard() -> RandomForestClassifier:
    """Fitted on demand, because files only work with one version of scikit-learn."""
    flowers = data.fisher()
    forest = RandomForestClassifier(n_estimators=100, max_depth=4, random_state=1)
    return forest.fit(flowers.features, flowers.species)


@functools.lru_cache(maxsize=4)
def _load(path: Path, modified_ns: int) -> RandomForestClassifier:
    """Load forests once. If the file is replaced, its modification time changes."""
    return joblib.load(path)


def save(forest: RandomForestClassifier, path: Path) -> None:
    """Save a forest. Never load files from others: they can contain any code."""
    joblib.dump(forest, path)


def publish(path: Path, name: str) -> None:
    """Copy a file with a forest to the folder where `load` finds it by name."""
    folder().mkdir(parents=True, exist_ok=True)
    # Use a temporary name first, so that nobody sees an incomplete file.
    partial = folder() / f".{name}.{os.getpid()}"
    shutil.copyfile(path, partial)
    partial.replace(folder() / f"{name}.joblib")
