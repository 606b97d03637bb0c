"""``cog.yaml``: what a project says of itself, as far as it matters where it is served.

Source: Cog's configuration reference, ``docs/yaml.md`` of its repository.
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
    "build": "it is for Cog's images; install here what the model needs",
    "image": "it names Cog's images",
    "model": "it names where Cog's images are kept",
    "weights": "Cog mounts them; put the files where the model looks for them",
}


class NotFound(CannotBeServed):
    """The text says what is there."""


@dataclass(frozen=True)
class CogProject:
    """What a project says of itself.

    Attributes:
        predict: file and name of the predictor, `train` those of what trains, or empty.
        remarks: one sentence for each key that has no effect here.
    """

    predict: str
    train: str
    concurrency: int
    environment: Mapping[str, str]
    remarks: tuple[str, ...]

    def set_environment(self) -> None:
        """But for those that the operator has set."""
        for name, value in self.environment.items():
            os.environ.setdefault(name, value)

    def tell(self) -> None:
        for remark in self.remarks:
            print(remark, file=sys.stderr, flush=True)


def read(path: Path) -> CogProject:
    """Raises ``NotFound`` when it is not there, or wrong."""
    told = _table(path)
    if told.get("run") and told.get("predict"):
        raise NotFound(f"{path} has both run and predict: keep run")
    predict = told.get("run") or told.get("predict")
    if not isinstance(predict, str):
        raise NotFound(
            f'{path} names no predictor: it needs a line such as predict: "predict.py:Predictor"'
        )
    train = told.get("train") or ""
    if not isinstance(train, str):
        raise NotFound(f'{path}: train must name a function, such as "train.py:train"')
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
        raise NotFound(f"{path} is not a table of settings")
    return told


def _concurrency(path: Path, table: Any) -> int:
    count = table.get("max", 1) if isinstance(table, dict) else None
    if type(count) is not int or count < 1:
        raise NotFound(f"{path}: concurrency must have a whole number under max, from 1 on")
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
            yield f"{PROJECT_FILE}: nobody knows {key!r}; it has no effect"
