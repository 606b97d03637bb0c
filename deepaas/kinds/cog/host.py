"""The host's half: which files and folders hold a typed predictor."""

from __future__ import annotations

import re
from pathlib import Path

from deepaas.errors import ConfigError
from deepaas.kinds.cog import PROJECT_FILE, split
from deepaas.model.kinds import Certainty, ModelKind, Recognised, name_of
from deepaas.programs import Interpreter


def recognise(reference: str, _interpreter: Interpreter) -> Recognised | None:
    """By its path: ``predict.py:Predictor``, ``./predict.py``, a folder. Raises ``ConfigError``."""
    if not _is_path(reference):
        return None
    place, name = split(reference)
    if place.is_dir() and not (place / PROJECT_FILE).is_file():
        raise ConfigError(f"{place} has no {PROJECT_FILE}: name the file of the model in it")
    if not place.exists():
        raise ConfigError(f"there is no {place}")
    if place.is_dir():
        return Recognised(name_of(place), str(place))
    if place.suffix != ".py":
        return None
    source = f"{place}:{name}" if name else str(place)
    return Recognised(name_of(place), source, Certainty.SURE if name else Certainty.LIKELY)


def folders(source: str) -> list[Path]:
    place, _ = split(source)
    return [place if place.is_dir() else place.parent]


def _is_path(reference: str) -> bool:
    return "/" in reference or reference == "." or re.search(r"\.py(:\w+)?$", reference) is not None


KIND = ModelKind(recognise, folders)
