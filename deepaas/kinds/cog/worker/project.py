"""Reads ``cog.yaml``, as far as it matters for serving.

Source: Cog's configuration reference, ``docs/yaml.md`` in its repository.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepaas.kinds.cog import PROJECT_FILE
from deepaas.runtime.failures import CannotBeServed

_ELSEWHERE = {
    "build": "it is for Cog's images. Install the model's requirements here",
    "image": "it is the name of Cog's images",
    "model": "it is the registry of Cog's images",
    "weights": "Cog mounts them. Put the files where the model expects them",
}


class NotFound(CannotBeServed):
    """The predictor was not found, or ``cog.yaml`` is invalid."""


@dataclass(frozen=True)
class CogProject:
    """The settings of a project.

    Attributes:
        predict: file and name of the predictor; `train`: those of the training function, or empty.
        remarks: one sentence for each key that has no effect here.
    """

    predict: str
    train: str
    concurrency: int
    environment: Mapping[str, str]
    remarks: tuple[str, ...]

    def set_environment(self) -> None:
        """Set the environment variables that the operator has not set."""
        for name, value in self.environment.items():
            os.environ.setdefault(name, value)

    def tell(self) -> None:
        for remark in self.remarks:
            print(remark, file=sys.stderr, flush=True)


def read(path: Path) -> CogProject:
    """Raises ``NotFound`` if the file is missing or invalid."""
    told = _table(path)
    if told.get("run") and told.get("predict"):
        raise NotFound(f"{path} has both 'run' and 'predict'. Remove 'predict'")
    predict = told.get("run") or told.get("predict")
    if not isinstance(predict, str):
        raise NotFound(
            f'{path} has no predictor. Add a line such as predict: "predict.py:Predictor"'
        )
    train = told.get("train") or ""
    if not isinstance(train, str):
        raise NotFound(f'{path}: train must be the name of a function, such as "train.py:train"')
    return CogProject(
        predict,
        train,
        _concurrency(path, told.get("concurrency") or {}),
        _environment(path, told.get("environment") or []),
        tuple(_remarks(told)),
    )


def _table(path: Path) -> dict[str, Any]:
    import yaml  # Workers of all models import this module; few have such a file.

    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        raise NotFound(f"{path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise NotFound(f"{path} is not YAML: {error}") from None
    if not isinstance(told, dict):
        raise NotFound(f"{path} does not contain keys with values")
    return told


def _concurrency(path: Path, table: Any) -> int:
    count = table.get("max", 1) if isinstance(table, dict) else None
    if type(count) is not int or count < 1:
        raise NotFound(f"{path}: concurrency: max must be an integer of at least 1")
    return count


def _environment(path: Path, lines: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines if isinstance(lines, list) else [lines]:
        name, sign, value = line.partition("=") if isinstance(line, str) else ("", "", "")
        if not name or not sign or "\0" in line:
            raise NotFound(f"{path}: environment must be a list of NAME=value, not {line!r}")
        if name in found:
            raise NotFound(f"{path}: environment has {name} twice")
        found[name] = value
    return found


def _remarks(told: Mapping[Any, Any]) -> Iterator[str]:
    known = {"run", "predict", "train", "concurrency", "environment"}
    for key in told:
        if key in _ELSEWHERE:
            yield f"{PROJECT_FILE}: {key} has no effect here: {_ELSEWHERE[key]}"
        elif key not in known:
            yield f"{PROJECT_FILE}: unknown key {key!r}; it has no effect"
