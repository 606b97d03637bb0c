"""Examples of inputs that an author writes beside the code, as metadata has them.

The attribute ``examples`` of the class or function: a list of dicts, input to value. For a file
it has a path, as a rule relative to the file of the code. Without it, ``Field(examples=…)`` of the
inputs: the first of each, the second of each.
"""

from __future__ import annotations

import base64
import contextlib
import inspect
import itertools
import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from deepaas.kinds.cog.worker.signature import MISSING, Parameter

ATTRIBUTE = "examples"

MAX_FILE_BYTES = 256 * 1024
"""Of a larger file only the path is told: the page shows none, and each answer would have it."""


def read(things: Sequence[Any], taken: Sequence[Parameter]) -> list[Any]:
    """Those of the first of these that has any; ``things`` are functions and classes."""
    for thing in things:
        if written := getattr(thing, ATTRIBUTE, None):
            folder = _folder(things)
            return [_told(example, taken, folder) for example in written]
    rows = itertools.zip_longest(*(one.examples for one in taken), fillvalue=MISSING)
    names = [one.name for one in taken]
    return [
        {name: _json(v) for name, v in zip(names, row, strict=True) if v is not MISSING}
        for row in rows
    ]


def _folder(things: Iterable[Any]) -> Path:
    for thing in things:
        with contextlib.suppress(TypeError, OSError):  # It is of no file that is known.
            return Path(inspect.getfile(thing)).parent
    return Path()


def _told(example: Any, taken: Sequence[Parameter], folder: Path) -> Any:
    """What is no example stays as it is: ``deepaas-cli check`` says so."""
    if not isinstance(example, Mapping):
        return example
    files = {one.name for one in taken if one.type.is_file}
    return {
        str(name): _file(value, folder) if name in files else _json(value)
        for name, value in example.items()
    }


def _file(value: Any, folder: Path) -> Any:
    """A data URL of a file that is there."""
    if isinstance(value, (list, tuple)):
        return [_file(one, folder) for one in value]
    text = str(value)
    if text.startswith(("data:", "http://", "https://")):
        return text
    path = folder / text
    if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
        return text
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{media_type};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _json(value: Any) -> Any:
    """Members of an Enum are sent as their values, paths and the like as texts."""
    if hasattr(value, "value") and hasattr(value, "name"):
        return value.value
    if isinstance(value, (str, int, float, bool, list, dict, type(None))):
        return value
    return list(value) if isinstance(value, tuple) else str(value)
