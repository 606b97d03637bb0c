"""Converts values on a command line to a request, so that they are validated as by a host."""

from __future__ import annotations

import json
import mimetypes
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from deepaas.cli.options import STRUCTURE, TENSOR, Option
from deepaas.messages import LongText, RawRequest, Upload

_NESTED = (dict, list, tuple)


def make_inputs(options: Sequence[Option], values: Mapping[str, Any], folder: Path) -> RawRequest:
    """Put each value in the location of its argument; files are copied to the folder."""
    query: list[tuple[str, str]] = []
    form: list[tuple[str, str | Upload | LongText]] = []
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    body: dict[str, Any] = {}
    for option in options:
        if option.name not in values:
            continue
        name, value = option.name, values[option.name]
        whole = option.shape in (STRUCTURE, TENSOR) and not isinstance(value, Path)
        nested = whole or _needs_json(value)
        if option.place == "json" or (nested and not option.place):
            body[name] = value
            continue
        for one in value if isinstance(value, list) and not nested else [value]:
            if isinstance(one, Path):
                form.append((name, _copied(one, folder)))
            elif option.place == "headers":
                headers[name.lower()] = _as_text(one)
            elif option.place == "cookies":
                cookies[name] = _as_text(one)
            elif option.place in ("form", "files"):
                form.append((name, _as_text(one)))
            else:
                query.append((name, _as_text(one)))
    return RawRequest(
        query=urlencode(query, errors="surrogateescape"),
        form=form,
        body=json.dumps(body).encode() if body else b"",
        body_kind="json" if body else "",
        headers=headers,
        cookies=cookies,
    )


def _needs_json(value: Any) -> bool:
    """Whether only a JSON body can contain it: nested values, or an empty list."""
    if isinstance(value, (list, tuple)):
        return not value or any(isinstance(item, _NESTED) for item in value)
    return isinstance(value, dict)


def _copied(path: Path, folder: Path) -> Upload:
    """Copy a file as a host does: with a new name and the same suffix."""
    copy = folder / f"{len(list(folder.iterdir()))}{path.suffix}"
    shutil.copyfile(path, copy)
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Upload(str(copy), path.name, media_type)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
