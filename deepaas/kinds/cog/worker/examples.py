"""Examples of inputs that the author gives in the code, for the metadata.

They come from the attribute ``examples`` of the class or function: a list of dicts, input to
value. The value for a file is a path, relative to the source file. Without this attribute they
come from ``Field(examples=…)`` of the inputs: first the first of each, then the second of each.
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
"""For larger files only the path is given: the page shows no such file, and all metadata responses
would contain it."""


def read(things: Sequence[Any], taken: Sequence[Parameter]) -> list[Any]:
    """Return the examples of the first function or class in ``things`` that has any."""
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
        with contextlib.suppress(TypeError, OSError):  # Its file is unknown.
            return Path(inspect.getfile(thing)).parent
    return Path()


def _told(example: Any, taken: Sequence[Parameter], folder: Path) -> Any:
    """Leave invalid examples unchanged: ``deepaas-cli check`` reports them."""
    if not isinstance(example, Mapping):
        return example
    files = {one.name for one in taken if one.type.is_file}
    return {
        str(name): _file(value, folder) if name in files else _json(value)
        for name, value in example.items()
    }


def _file(value: Any, folder: Path) -> Any:
    """Return a data URL if the file exists."""
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
    """Send members of an Enum as their values, and paths and similar objects as strings."""
    if hasattr(value, "value") and hasattr(value, "name"):
        return value.value
    if isinstance(value, (str, int, float, bool, list, dict, type(None))):
        return value
    return list(value) if isinstance(value, tuple) else str(value)
