"""JSON of any length: its size is known in advance, its bytes are read when needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Sequence
from pathlib import Path

from deepaas.beneath import open_file

PIECE_BYTES = 256 * 1024
SMALL_BYTES = 256 * 1024


class Document:
    """One JSON value; ``pieces`` can be called several times."""

    def __init__(self, size_bytes: int, pieces: Callable[[], Generator[bytes, None, None]]) -> None:
        self.size_bytes = size_bytes
        self._pieces = pieces

    @property
    def is_small(self) -> bool:
        return self.size_bytes <= SMALL_BYTES

    def pieces(self) -> Generator[bytes, None, None]:
        return self._pieces()

    async def sent(self) -> AsyncIterator[bytes]:
        """For senders that wait between pieces."""
        for piece in self.pieces():
            yield piece

    def whole(self) -> bytes:
        return b"".join(self.pieces())

    def write(self, path: Path) -> None:
        """Write it to a new file; ``OSError`` if that fails."""
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
    return _InMemory(content)


def together(parts: Sequence[bytes | Document]) -> Document:
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
    """``OSError`` if it cannot be read."""

    def pieces() -> Generator[bytes, None, None]:
        # Does not follow a symlink that a model may have put there.
        with open_file(path) as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    return Document(path.lstat().st_size, pieces)
