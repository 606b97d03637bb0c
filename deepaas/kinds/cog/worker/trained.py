"""Results of training a typed predictor; files are copied to the folder of the run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path, PurePath
from typing import Any

from deepaas.kinds.cog.worker.plain import plain
from deepaas.model.v2 import run
from deepaas.runtime.json_values import BadResult
from deepaas.runtime.regular import check_regular, open_regular


def kept(result: Any) -> Any:
    """Return a result as JSON: files and folders become names in the folder of the run.

    From there clients can download them, and the next run does not overwrite them. Raises
    ``BadResult`` for a path that is neither a regular file nor a folder of regular files.
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
    is_folder = path.is_dir()
    if not is_folder:
        check_regular(path, path.stat())
    if path.is_relative_to(folder):
        return str(path.relative_to(folder))
    if is_folder:
        _check_tree(path, folder)
    target = next(free for free in _names(folder / path.name) if not free.exists())
    if is_folder:
        shutil.copytree(path, target, copy_function=_copy)
    else:
        _copy(str(path), str(target))
    return target.name


def _check_tree(top: Path, into: Path) -> None:
    """Check, before copying, for irregular files and loops. Raises ``BadResult``."""
    if into.is_relative_to(top):
        raise BadResult(f"train returned {str(top)!r}, which contains the folder of its run")
    for folder, below, files in os.walk(top, followlinks=True):
        here = Path(folder).resolve()
        for name in below:
            path = here / name
            if path.is_symlink() and here.is_relative_to(path.resolve()):
                raise BadResult(
                    f"train returned {str(top)!r}, in which {name!r} links to a folder above it"
                )
        for name in files:
            check_regular(here / name, (here / name).stat())


def _copy(source: str, target: str) -> None:
    with open_regular(source) as file, open(target, "wb") as copy:
        shutil.copyfileobj(file, copy, 1024 * 1024)
    shutil.copystat(source, target)


def _names(wanted: Path) -> Iterator[Path]:
    numbered = (wanted.with_name(f"{wanted.stem}-{n}{wanted.suffix}") for n in count(2))
    return chain([wanted], numbered)
