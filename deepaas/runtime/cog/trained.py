"""What a training of a typed predictor returns; its files go to the folder of the run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path, PurePath
from typing import Any

from deepaas.model.v2 import run
from deepaas.runtime.cog.plain import plain


def kept(result: Any) -> Any:
    """A result as JSON can hold it: files and folders by their names in the folder of the run.

    There clients can download them, and the next training does not write over them.
    """
    if isinstance(result, PurePath):
        return _kept_file(Path(result))
    if isinstance(result, (list, tuple)):
        return [kept(item) for item in result]
    if isinstance(result, dict):
        return {name: kept(item) for name, item in result.items()}
    named = getattr(type(result), "model_fields", None) or getattr(
        type(result), "__dataclass_fields__", None
    )
    if named is not None and not callable(getattr(result, "get_secret_value", None)):
        return {name: kept(getattr(result, name)) for name in named}
    return plain(result)


def _kept_file(path: Path) -> str:
    folder = run.directory().resolve()
    path = path.resolve()
    if path.is_relative_to(folder):
        return str(path.relative_to(folder))
    target = next(free for free in _names(folder / path.name) if not free.exists())
    if path.is_dir():
        shutil.copytree(path, target)
    else:
        shutil.copy2(path, target)
    return target.name


def _names(wanted: Path) -> Iterator[Path]:
    numbered = (wanted.with_name(f"{wanted.stem}-{n}{wanted.suffix}") for n in count(2))
    return chain([wanted], numbered)
