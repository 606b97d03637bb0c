"""Which models there are, without importing any of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from deepaas.errors import ConfigError
from deepaas.model import interpreter
from deepaas.programs import OWN, Interpreter

GROUP = "deepaas.v2.model"
ENTRY_POINT = "entry_point"
"""The kind of installed models."""

PROJECT_FILE = "cog.yaml"
"""What makes a folder one of a typed predictor."""

_USUAL_STEMS = frozenset(["api", "main", "model", "predict", "predictor", "run", "train"])
"""Names of files that tell nothing of the model: its folder's name does."""


@dataclass(frozen=True)
class Found:
    """A model that can be served.

    Attributes:
        name: under which.
        kind: entry point of the group ``deepaas.runtime`` that can load it.
        source: what that kind is to load.
        interpreter: what its workers run in.
    """

    name: str
    kind: str
    source: str
    interpreter: Interpreter = OWN


def installed() -> list[str]:
    """Names of the installed models, sorted."""
    return sorted({entry.name for entry in metadata.entry_points(group=GROUP)})


def choose(wanted: Sequence[str], pythons: Sequence[str] = ()) -> list[Found]:
    """The models to serve.

    Args:
        wanted: names of installed models, and paths of typed predictors (``predict.py:Predictor``,
            a folder with ``cog.yaml``), with the name before it if it should be another one
            (``name=path``); empty for all that are installed.
        pythons: ``name=python`` for models that run in another interpreter.

    Raises:
        ConfigError: one of them is not there, two have one name, or nothing is installed.
    """
    available = installed()
    interpreters = dict(_interpreter(one) for one in pythons)
    wanted = wanted or [*available, *(name for name in interpreters if name not in available)]
    if not wanted:
        raise ConfigError(
            f"no model is installed: no package here has an entry point in the group '{GROUP}'"
        )
    found = [_found(one, available, interpreters) for one in wanted]
    names = [one.name for one in found]
    for name in interpreters:
        if name not in names:
            raise ConfigError(f"model-python names {name!r}; served are: {', '.join(names)}")
    for one in found:
        if names.count(one.name) > 1:
            raise ConfigError(
                f"two models are called {one.name!r}: give one of them another name, "
                f"other-name={one.source}"
            )
    return found


def _found(wanted: str, available: Sequence[str], interpreters: Mapping[str, Interpreter]) -> Found:
    name, equals, path = wanted.partition("=")
    if not equals or "/" in name:
        name, path = "", wanted
    if not equals and not is_path(path):
        other = interpreters.get(wanted)
        if other is not None:
            if wanted not in other.models:
                there = f"installed are: {', '.join(other.models)}" if other.models else "none is"
                raise ConfigError(
                    f"no model named {wanted!r} is installed for {other.path}; {there}"
                )
            return Found(wanted, ENTRY_POINT, wanted, other)
        if wanted not in available:
            there = f"installed are: {', '.join(available)}" if available else "none is"
            raise ConfigError(f"no model named {wanted!r} is installed; {there}{_meant(wanted)}")
        return Found(wanted, ENTRY_POINT, wanted)
    file, colon, attribute = path.rpartition(":")
    if not colon or not file.endswith(".py"):
        file, attribute = path, ""
    place = Path(file).expanduser().absolute()
    if place.is_dir() and not (place / PROJECT_FILE).is_file():
        raise ConfigError(f"{place} has no {PROJECT_FILE}: name the file of the model in it")
    if not place.exists():
        raise ConfigError(f"there is no {place}")
    source = f"{place}:{attribute}" if attribute else str(place)
    name = _cleaned(name) or _name_of(place)
    return Found(name, "cog", source, interpreters.get(name, OWN))


def _interpreter(given: str) -> tuple[str, Interpreter]:
    """The name of a model and the interpreter for it.

    Raises:
        ConfigError: it is none that could serve a model.
    """
    name, equals, path = given.partition("=")
    if not equals or not name or not path:
        raise ConfigError(f"model-python must be NAME=/path/to/python, not {given!r}")
    return name, interpreter.ask(Path(path).expanduser(), GROUP)


def is_path(wanted: str) -> bool:
    """Whether it names a file or a folder, not an installed model."""
    return "/" in wanted or wanted == "." or re.search(r"\.py(:\w+)?$", wanted) is not None


def _meant(wanted: str) -> str:
    """A path that somebody may have meant by a name that is none."""
    for path, looked_for in (
        (f"./{wanted}/", f"{wanted}/{PROJECT_FILE}"),
        (f"{wanted}.py", f"{wanted}.py"),
    ):
        if Path(looked_for).is_file():
            return f"; did you mean {path} ?"
    return ""


def _name_of(place: Path) -> str:
    usual = place.suffix == ".py" and place.stem in _USUAL_STEMS
    return _cleaned(place.parent.name if usual else place.stem) or "model"


def _cleaned(name: str) -> str:
    """A name that stands in URLs as it is."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")
