"""Converts tensors to other kinds of arguments, for protocols in which everything is a tensor."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from marshmallow import fields

from deepaas.messages import Tensor, Upload
from deepaas.runtime.places import FormFile
from deepaas.tensors.dtypes import BYTES, BadTensor, elements_count
from deepaas.tensors.plain import nested, plain, texts

_ENDINGS = {
    b"\x89PNG\r\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"RIFF": ".wav",
    b"%PDF-": ".pdf",
    b"\x93NUMPY": ".npy",
    b"PK\x03\x04": ".zip",
}
"""Suffixes by the first bytes: many libraries need a suffix, and a tensor has no file name."""

_OBJECTS = (fields.Mapping, fields.Nested)
_OPEN = (fields.Raw, fields.Tuple)
"""They accept lists too, although they are not List fields."""


MAX_FILES_COUNT = 1000
"""The same as the limit for parts of a form."""


NewFolder = Callable[[], Path]


class InputFiles:
    """A folder for the files of one call, created with the first."""

    def __init__(self, new_folder: NewFolder | None) -> None:
        self._new_folder = new_folder
        self._folder: Path | None = None
        self._count = 0

    def add(self, name: str, content: bytes) -> FormFile:
        if self._folder is None:
            assert self._new_folder is not None, "there are tensors in calls only"
            self._folder = self._new_folder()
        self._count += 1
        path = self._folder / str(self._count)
        path.write_bytes(content)
        ending = next((e for start, e in _ENDINGS.items() if content.startswith(start)), "")
        return FormFile(name, Upload(str(path), f"file{ending}", "application/octet-stream"))


def value_of(
    name: str, tensor: Tensor, field: fields.Field, is_file: bool, files: InputFiles
) -> Any:
    """The value of a tensor, not validated; BadTensor says why it is not valid."""
    is_list = isinstance(field, fields.List)
    if is_file:
        if tensor.dtype != BYTES:
            raise BadTensor(f"a file must be one element of bytes, got {tensor.dtype}")
        if elements_count(tensor.shape) > MAX_FILES_COUNT:
            raise BadTensor(f"more than {MAX_FILES_COUNT} files")
        contents = plain(tensor) if is_list else [_only(plain(tensor))]
        found = [files.add(name, content) for content in contents]
        return found if is_list else found[0]
    try:
        values = texts(tensor)
    except UnicodeDecodeError:
        raise BadTensor("its bytes are not valid UTF-8") from None
    if is_list:
        if isinstance(getattr(field, "inner", None), _OBJECTS):
            values = [_json(value) for value in values]
        return nested(values, tensor.shape or [1])
    if isinstance(field, _OBJECTS):
        return _json(_only(values))
    if len(values) != 1 and (isinstance(field, _OPEN) or type(field) is fields.Field):
        return nested(values, tensor.shape)
    return _only(values)


def _only(values: list[Any]) -> Any:
    if len(values) != 1:
        raise BadTensor(f"expected a tensor with one element, got {len(values):,}")
    return values[0]


def _json(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise BadTensor("expected JSON in one element of bytes") from None
