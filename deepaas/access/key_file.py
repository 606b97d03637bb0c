"""The file of keys: read by hosts, and changed by ``deepaas-cli keys``.

It is replaced as a whole, so nobody reads half of it, and changed by one at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from deepaas.access.keys import KeyRecord

NAME = "keys.json"
MAX_BYTES = 16 * 1024 * 1024


class KeysUnreadable(Exception):
    """The file cannot be read, or is not valid; the message says why."""


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    version: Literal[1]
    keys: tuple[KeyRecord, ...]


_DECODER = msgspec.json.Decoder(_Content)


def read(path: Path) -> tuple[KeyRecord, ...]:
    """Return all keys, including those that are no longer valid; none for an empty file.

    Raises:
        FileNotFoundError: there is no such file.
        KeysUnreadable: there is one, but it is broken, or everybody may change it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise KeysUnreadable("it is not a file")
            if mode & stat.S_IWOTH:
                raise KeysUnreadable("all users of this machine can change it: chmod o-w")
            content = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except OSError as error:
        raise KeysUnreadable(error.strerror or str(error)) from None
    if len(content) > MAX_BYTES:
        raise KeysUnreadable(f"it has more than {MAX_BYTES} bytes")
    if not content.strip():
        return ()
    try:
        found = _DECODER.decode(content).keys
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise KeysUnreadable(str(error)) from None
    if len({one.id for one in found}) < len(found):
        raise KeysUnreadable("several keys have the same id")
    return found


@contextlib.contextmanager
def changing(path: Path) -> Iterator[list[KeyRecord]]:
    """Change the keys: the list is written back at the end, unless there was an exception.

    Raises:
        KeysUnreadable: the file is broken, or cannot be written.
    """
    path = path.resolve()  # A symlink stays one.
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(path.parent / f"{path.name}.lock"):
            try:
                keys = list(read(path))
            except FileNotFoundError:
                keys = []
            yield keys
            _write(path, keys)
    except OSError as error:
        raise KeysUnreadable(error.strerror or str(error)) from None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _write(path: Path, keys: Sequence[KeyRecord]) -> None:
    content = msgspec.json.format(msgspec.json.encode(_Content(1, tuple(keys))))
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content + b"\n")
            _like(path, descriptor)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _like(path: Path, descriptor: int) -> None:
    """Keep owner and mode of the file; a new one belongs to the owner of its folder."""
    there = path.stat() if path.exists() else None
    if there is not None:
        os.fchmod(descriptor, stat.S_IMODE(there.st_mode) & 0o660)
    owner = there or path.parent.stat()
    if os.geteuid() == 0:
        # Root creates a key for the user of the host, who must be able to read it.
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
