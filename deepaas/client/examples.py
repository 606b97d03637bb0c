"""The author's examples: ``get_metadata()["examples"]``.

A list of dicts of arguments. A file is a data URL, so that it is part of the metadata in any API.
"""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from deepaas.client.description import NPY, NPZ, Argument, Model

MAX_FILE_BYTES = 256 * 1024
MAX_BYTES = 1024 * 1024
MAX_COUNT = 50

_ARRAYS = {NPY: ".npy", NPZ: ".npz"}

_DATA_URL = re.compile(
    r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?P<options>(?:;[\w-]+=[^;,]*)*)(?P<base64>;base64)?,"
)


def read(model: Model, folder: Path) -> list[dict[str, Any]]:
    """The valid examples; invalid ones are omitted."""
    given = model.metadata.get("examples")
    left = MAX_BYTES
    found = []
    for number, example in enumerate(given[:MAX_COUNT] if isinstance(given, list) else []):
        if not isinstance(example, Mapping):
            continue
        values: dict[str, Any] = {}
        for argument in model.predict or ():
            if argument.name not in example:
                continue
            value = example[argument.name]
            if argument.kind == "file" or _is_file(argument, value):
                content, suffix = data_url(value)
                if content is None or len(content) > min(left, MAX_FILE_BYTES):
                    continue
                left -= len(content)
                path = folder / f"{_safe(argument.name)}-{number + 1}{suffix}"
                path.write_bytes(content)
                values[argument.name] = [str(path)] if argument.many else str(path)
            else:
                values[argument.name] = _shown(argument, value)
        if values:
            found.append(values)
    return found


def data_url(text: object) -> tuple[bytes | None, str]:
    """The bytes of a data URL and a suffix for its type; None if it is not one."""
    head = _DATA_URL.match(text) if isinstance(text, str) else None
    if head is None or not isinstance(text, str):
        return None, ""
    content = unquote_to_bytes(text[head.end() :])
    if head["base64"]:
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error:
            return None, ""
    media_type = head["type"] or "text/plain"
    return content, _ARRAYS.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"


def _is_file(argument: Argument, value: Any) -> bool:
    """Whether it is a tensor as a data URL."""
    return argument.kind == "tensor" and data_url(value)[0] is not None


def _shown(argument: Argument, value: Any) -> Any:
    if argument.kind in ("object", "array", "tensor"):
        return json.dumps(value, indent=2, ensure_ascii=False)
    return value


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name) or "file"
