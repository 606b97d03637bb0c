"""Converts the caller's arguments to values for a request."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from deepaas.client import arrays
from deepaas.client.calls import FileToSend
from deepaas.client.description import Argument, Model
from deepaas.client.errors import InvalidArguments, NotSupported

FILE_FORMS = "a Path, a file opened in binary mode, bytes, or (file name, bytes)"


def values(model: Model, function: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values for a call, by argument; None values are omitted.

    Only checks what the host does not report: it ignores unknown arguments. NotSupported if the
    model has no such function, InvalidArguments for values that cannot be sent.
    """
    declared = model.predict if function == "predict" else model.train
    if declared is None:
        raise NotSupported(f"model {model.name!r} does not implement {function!r}")
    known = {argument.name: argument for argument in declared}
    if unknown := [name for name in given if name not in known]:
        raise _unknown(unknown, known, function)
    found: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        try:
            found[name] = _sendable(known[name], value)
        except TypeError as error:
            wrong = f"argument {name!r} of {function} cannot be sent: {error}"
            raise InvalidArguments(wrong, fields={name: [str(error)]}) from None
    return found


def alike(name: str, names: Iterable[str]) -> str:
    """A question with the most similar name; empty if none is similar."""
    close = difflib.get_close_matches(name, list(names), n=1)
    return f": did you mean {close[0]!r}?" if close else ""


def _unknown(names: list[str], known: Iterable[str], function: str) -> InvalidArguments:
    known = list(known)
    told = {name: alike(name, known) for name in names}
    message = "; ".join(
        f"unknown argument {name!r} of {function}{question}" for name, question in told.items()
    )
    if not all(told.values()):
        message += f"; it has {', '.join(known)}" if known else "; it has none"
    fields = {name: [f"Unknown argument{told[name]}"] for name in names}
    error = InvalidArguments(message)
    error.fields = fields
    return error


def _sendable(argument: Argument, value: Any) -> Any:
    if argument.kind == "file":
        # A tuple of a string and bytes is one file with its name.
        many = isinstance(value, list | tuple | set) and not _is_named(value)
        return [_upload(one) for one in value] if many else _upload(value)
    if argument.kind == "tensor":
        return _tensor(argument.name, value)
    return _plain(value)


def _tensor(name: str, value: Any) -> Any:
    """An array, or anything that can be a file, as a file; otherwise nested lists."""
    found = arrays.file_of(name, value)
    if found is not None:
        return found
    raw = isinstance(value, Path | bytes | bytearray | memoryview) or hasattr(value, "read")
    return _upload(value) if raw or _is_file_of_bytes(value) else _plain(value)


def _is_file_of_bytes(value: Any) -> bool:
    return _is_named(value) and isinstance(value[1], bytes | bytearray | memoryview)


def _is_named(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)


def _upload(value: Any) -> FileToSend:
    if isinstance(value, Path):
        return FileToSend(value, value.name)
    if isinstance(value, bytes | bytearray | memoryview):
        return FileToSend(bytes(value), "file")
    if _is_file_of_bytes(value):
        return FileToSend(bytes(value[1]), value[0])
    if isinstance(value, io.TextIOBase):
        raise TypeError(f"it is opened in text mode: a file must be {FILE_FORMS}")
    if hasattr(value, "read"):
        return _upload_of_open(value)
    hint = f"; for a file of this name: Path({value!r})" if isinstance(value, str) else ""
    raise TypeError(f"it is of type {type(value).__name__}: a file must be {FILE_FORMS}{hint}")


def _upload_of_open(file: BinaryIO) -> FileToSend:
    given = getattr(file, "name", None)
    name = Path(given).name if isinstance(given, str) and given else "file"
    try:
        file.fileno()
        file.seek(file.tell())
    except (OSError, AttributeError):
        # It cannot be read again for a retry, or it is in memory anyway.
        content = file.read()
        if not isinstance(content, bytes):
            raise TypeError(f"it does not return bytes: a file must be {FILE_FORMS}") from None
        return FileToSend(content, name)
    return FileToSend(file, name)


def _plain(value: Any) -> Any:
    """The value, converted to JSON types."""
    if value is None or (isinstance(value, bool | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | range):
        return [_plain(item) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal | Path):
        return str(value)
    # Arrays and scalars of NumPy, and tensors, without importing these libraries.
    if callable(plain := getattr(value, "tolist", None)):
        return _plain(plain())
    raise TypeError(f"a value of type {type(value).__name__} cannot be converted to JSON")
