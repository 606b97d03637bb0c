"""Converts results of a predictor to JSON values; files become data URLs (RFC 2397)."""

from __future__ import annotations

import base64
import dataclasses
import enum
import io
import mimetypes
import os
from pathlib import Path
from typing import Any

from deepaas.runtime.json_values import FileUrl, json_key
from deepaas.runtime.regular import check_opened, open_regular
from deepaas.runtime.results import plain_name


def plain(value: Any) -> Any:
    """Leave unknown values unchanged. Raises ``BadResult`` if a path is not a regular file."""
    if isinstance(value, (str, bytes, int, float, type(None))) and not isinstance(value, enum.Enum):
        return value
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, os.PathLike):
        return _file(Path(value))
    if isinstance(value, io.IOBase):
        return _opened(value)
    if isinstance(value, dict):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return _of_others(value)


def _key(key: Any) -> str:
    try:
        return json_key(plain(key))
    except TypeError:  # A tuple, for example.
        return str(key)


def _of_others(value: Any) -> Any:
    if isinstance(value, type):
        return value
    if callable(getattr(value, "get_secret_value", None)):
        return value.get_secret_value()
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if callable(getattr(value, "model_dump", None)):  # of Pydantic
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    return value


def _file(path: Path) -> str:
    with open_regular(path) as file:
        return _url(file.read(), path.name)


def _opened(file: io.IOBase) -> str:
    content: Any
    check_opened(file)
    with file:
        if file.seekable():
            file.seek(0)
        content = file.read()
    name = getattr(file, "name", "")
    if isinstance(content, str):
        return _url(content.encode(), name if isinstance(name, str) and name else "text.txt")
    return _url(content, name if isinstance(name, str) else "")


def _url(content: bytes, name: str) -> str:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    url = FileUrl(f"data:{media_type};base64,{base64.b64encode(content).decode()}")
    url.name = plain_name(Path(name))
    return url
