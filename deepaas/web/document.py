"""JSON that may be long: its size is known at once, its bytes come when they are wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Sequence
from pathlib import Path

from deepaas.beneath import open_file

PIECE_BYTES = 256 * 1024
SMALL_BYTES = 256 * 1024
"""A document up to this size may be held in memory."""


class Document:
    """One JSON value.

    Attributes:
        size_bytes: how long it is.

    Args:
        size_bytes: how long it is.
        pieces: gives all of it, each time anew.
    """

    def __init__(self, size_bytes: int, pieces: Callable[[], Generator[bytes, None, None]]) -> None:
        self.size_bytes = size_bytes
        self._pieces = pieces

    @property
    def is_small(self) -> bool:
        """Whether it may be held in memory."""
        return self.size_bytes <= SMALL_BYTES

    def pieces(self) -> Generator[bytes, None, None]:
        """Its bytes from the first on."""
        return self._pieces()

    async def sent(self) -> AsyncIterator[bytes]:
        """The same, for whoever sends them and waits in between."""
        for piece in self.pieces():
            yield piece

    def whole(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces())

    def write(self, path: Path) -> None:
        """Write it to a new file.

        Raises:
            OSError: it cannot be written.
        """
        with path.open("xb") as file:
            for piece in self.pieces():
                file.write(piece)


class _InMemory(Document):
    def __init__(self, content: bytes) -> None:
        self.size_bytes = len(content)
        self._content = content

    def pieces(self) -> Generator[bytes, None, None]:
        yield self._content

    def whole(self) -> bytes:
        return self._content


def of_bytes(content: bytes) -> Document:
    """What is in memory already."""
    return _InMemory(content)


def together(parts: Sequence[bytes | Document]) -> Document:
    """One document after the other, and what stands between them."""
    size_bytes = sum(len(p) if isinstance(p, bytes) else p.size_bytes for p in parts)

    def pieces() -> Generator[bytes, None, None]:
        for part in parts:
            if isinstance(part, bytes):
                yield part
            else:
                yield from part.pieces()

    if size_bytes <= SMALL_BYTES:
        return of_bytes(b"".join(pieces()))
    return Document(size_bytes, pieces)


def of_file(path: Path) -> Document:
    """What lies in a file.

    Raises:
        OSError: it cannot be read.
    """

    def pieces() -> Generator[bytes, None, None]:
        # No symlink that a model has left there instead.
        with open_file(path) as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    return Document(path.lstat().st_size, pieces)
