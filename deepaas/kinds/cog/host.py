"""The host's part: which files and folders contain a typed predictor."""

from __future__ import annotations

from pathlib import Path

from deepaas.author_files.contents import TYPED_NAMES, look
from deepaas.author_files.folders import is_path, model_file, split
from deepaas.errors import ConfigError
from deepaas.kinds.cog import PROJECT_FILE
from deepaas.model.kinds import Certainty, ModelKind, Recognised, name_of
from deepaas.programs import Interpreter


def recognise(reference: str, _interpreter: Interpreter) -> Recognised | None:
    """Recognise a path: ``predict.py:Predictor``, ``./predict.py``, a folder."""
    if not is_path(reference):
        return None
    place, name = split(reference)
    if (place / PROJECT_FILE).is_file():
        # Not sure: if the folder is also a package that declares a model, that model wins.
        return Recognised(name_of(place), str(place), Certainty.LIKELY)
    if place.is_dir():
        try:
            place = model_file(place)
        except ConfigError:
            return None
    if not place.is_file() or place.suffix != ".py":
        return None
    found = look(place, name)
    # If the object is imported or computed, only its name can tell.
    if found == "contract" or not (found or name in TYPED_NAMES):
        return None
    source = f"{place}:{name}" if name else str(place)
    certainty = Certainty.SURE if name else Certainty.LIKELY
    return Recognised(name_of(place), source, certainty)


def folders(source: str) -> list[Path]:
    place, _ = split(source)
    return [place if place.is_dir() else place.parent]


KIND = ModelKind(recognise, folders, files=(PROJECT_FILE, "predict.py", "run.py"))
