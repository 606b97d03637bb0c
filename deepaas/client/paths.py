"""Writes files atomically."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deepaas.client.errors import ClientError


def file_for(target: Path, name: str) -> Path:
    """The file to write: the target, or a file with this name in it if it is a folder."""
    return target / name if target.is_dir() else target


@contextmanager
def writing(what: Path | str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ClientError(f"{what} cannot be written: {error.strerror or error}") from error


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary file that replaces the target at the end, unless there was an error."""
    if target.exists() and not target.is_file():  # a pipe, or /dev/stdout
        yield target
        return
    partial = target.parent / f".{secrets.token_hex(8)}.part"
    with writing(target):
        partial.touch(exist_ok=False)
    try:
        yield partial
        with writing(target):
            partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
