"""What host and machine say to each other over the pipe, and how files are carried."""

from __future__ import annotations

import os
import shutil
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from deepaas.messages import Batching

LENGTH = struct.Struct("<I")
PIECE_BYTES = 1024 * 1024


class Record(msgspec.Struct, tag=True):
    """Base of all."""


class Begin(Record):
    """Start the worker; to the machine."""

    name: str
    kind: str
    source: str
    warm: bool
    edited: bool
    open_files: tuple[int, int] | None
    batch: Batching | None
    training: bool
    checking: bool
    shared: list[str]


class Order(Record):
    """``close``, ``terminate`` or ``kill``; to the machine."""

    what: str


class Framed(Record):
    """A frame, either way.

    Attributes:
        line: ``calls`` or ``control``.
        where: which process has sent it.
    """

    line: str
    frame: bytes
    where: str = ""


class Piece(Record):
    """Of a file, either way.

    Attributes:
        folder: ``inputs``, ``results`` or the variable of a shared folder.
        name: below that.
    """

    folder: str
    name: str
    data: bytes
    first: bool
    last: bool


class Printed(Record):
    """By the worker; to the host."""

    data: bytes


class Garbage(Record):
    """It has said something odd; to the host."""

    what: str


class Gone(Record):
    """It has ended; to the host."""


class Exited(Record):
    """All of it has; to the host."""

    how: str
    killed: bool


AnyRecord = Begin | Order | Framed | Piece | Printed | Garbage | Gone | Exited
DECODER: msgspec.msgpack.Decoder[AnyRecord] = msgspec.msgpack.Decoder(AnyRecord)


def write(file: IO[bytes], record: Record) -> None:
    data = msgspec.msgpack.encode(record)
    file.write(LENGTH.pack(len(data)) + data)
    file.flush()


def read_all(file: IO[bytes]) -> Iterator[AnyRecord]:
    """The records until the other side is gone."""
    while len(head := file.read(LENGTH.size)) == LENGTH.size:
        (size,) = LENGTH.unpack(head)
        data = file.read(size)
        if len(data) < size:
            return
        yield DECODER.decode(data)


def pieces(folder: str, name: str, path: Path) -> Iterator[Piece]:
    """A file, piece by piece; none if it is not there any more."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        data, first = file.read(PIECE_BYTES), True
        while True:
            following = file.read(PIECE_BYTES)
            yield Piece(folder, name, data, first, not following)
            if not following:
                return
            data, first = following, False


class Mirror:
    """Folders that are to be the same on both sides.

    Args:
        folders: by their names.
        half: where files lie until they have come as a whole.
    """

    def __init__(self, folders: dict[str, Path], half: Path) -> None:
        self._folders = folders
        self._half = half
        self._seen: dict[Path, tuple[int, int]] = {}

    def take(self, piece: Piece) -> None:
        """Write down what has come."""
        path = self._folders[piece.folder] / piece.name
        self._half.mkdir(parents=True, exist_ok=True)
        half = self._half / f"{piece.folder}-{piece.name.replace('/', '-')}"
        with half.open("wb" if piece.first else "ab") as file:
            file.write(piece.data)
        if piece.last:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(half, path)
            self._seen[path] = _state(path)

    def send_changed(self, send: Callable[[Piece], None]) -> None:
        """Tell of each file that is new or has been written to."""
        for name, folder in self._folders.items():
            for path in _files(folder):
                try:
                    state = _state(path)
                except FileNotFoundError:
                    continue
                if self._seen.get(path) != state:
                    self._seen[path] = state
                    for piece in pieces(name, str(path.relative_to(folder)), path):
                        send(piece)


def _files(folder: Path) -> list[Path]:
    found = [Path(where, name) for where, _, names in os.walk(folder) for name in names]
    return [path for path in found if stat.S_ISREG(path.lstat().st_mode)]


def _state(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_mtime_ns, about.st_size
