"""The output of a worker: chunks may be marked with their call.

``runtime.printing`` marks them, ``workers.output`` separates them.
"""

from __future__ import annotations

import select
import struct
from collections.abc import Iterator

_PIECE = struct.Struct("<QH")
"""After a mark: the id of the call, and the number of bytes."""


def marked(mark: bytes, call_id: int, data: bytes) -> Iterator[bytes]:
    """Split output into chunks that a pipe writes atomically."""
    room = select.PIPE_BUF - len(mark) - _PIECE.size
    for start in range(0, len(data), room):
        piece = data[start : start + room]
        yield mark + _PIECE.pack(call_id, len(piece)) + piece


class MarkedOutput:
    """Separates the output of a worker by call, if there is a mark."""

    def __init__(self) -> None:
        self.mark = b""
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Parse output into pairs of the id of a call (0 for none) and a chunk."""
        mark = self.mark
        if not mark:
            return [(0, data)]
        data = self._rest + data
        pieces: list[tuple[int, bytes]] = []
        start = 0
        while (at := data.find(mark, start)) >= 0:
            begin = at + len(mark) + _PIECE.size
            if len(data) < begin:
                break
            call_id, size = _PIECE.unpack_from(data, at + len(mark))
            if len(data) < begin + size:
                break
            pieces += [(0, data[start:at])] if at > start else []
            pieces.append((call_id, data[begin : begin + size]))
            start = begin + size
        else:
            at = len(data) - _begun(mark, data[start:])
        pieces += [(0, data[start:at])] if at > start else []
        self._rest = data[at:]
        return pieces

    def end(self) -> bytes:
        """The incomplete rest at the end of the output."""
        rest, self._rest = self._rest, b""
        return rest


def _begun(mark: bytes, data: bytes) -> int:
    """How many bytes at the end may be the start of a mark."""
    longest = min(len(mark) - 1, len(data))
    return next((size for size in range(longest, 0, -1) if data.endswith(mark[:size])), 0)
