"""The journal of a prediction, with the file that it really writes."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deepaas.web import journal
from deepaas.web.journal import Journal, TooMuch

KINDS = ("output", "log")


async def read(made: Journal) -> list[tuple[str, bytes]]:
    """All that is in it, to its end."""
    return [(kind, b"".join(made.pieces(data))) async for kind, data in made.follow()]


async def test_everybody_reads_all_from_the_beginning(tmp_path: Path) -> None:
    made = Journal(KINDS, tmp_path)
    written = [(KINDS[number % 2], os.urandom(number * 97 % 3001)) for number in range(500)]
    written.append(("output", os.urandom(journal.LARGE_BYTES + 1)))
    written.append(("output", os.urandom(3 * journal.READ_BYTES)))
    early = asyncio.ensure_future(read(made))
    for kind, data in written:
        made.append(kind, data)
        if len(data) % 7 == 0:
            await asyncio.sleep(0)
    late = asyncio.ensure_future(read(made))
    made.end()
    assert await early == await late == written
    outputs = b",".join(data for kind, data in written if kind == "output")
    joined = made.joined("output")
    assert joined.size_bytes == len(outputs)
    assert joined.whole() == outputs == joined.whole()
    assert list(tmp_path.iterdir()) == []  # The file has no name.


@pytest.mark.parametrize("cancelled", [False, True])
async def test_what_comes_while_a_thread_writes(tmp_path: Path, cancelled: bool) -> None:
    made = Journal(KINDS, tmp_path)
    made.append("log", b"before")
    half, go = threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b"large "
        half.set()
        assert go.wait(10)
        yield b"event"

    writing = asyncio.ensure_future(made.append_pieces("output", 11, pieces()))
    await asyncio.to_thread(half.wait, 10)
    made.append("log", b"behind")
    made.end()
    if cancelled:
        writing.cancel()
        await asyncio.sleep(0)
    go.set()
    await asyncio.wait([writing])
    assert writing.cancelled() is cancelled
    assert await read(made) == [("log", b"before"), ("output", b"large event"), ("log", b"behind")]


async def test_pieces_that_cannot_be_read_leave_nothing(tmp_path: Path) -> None:
    made = Journal(KINDS, tmp_path)

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        await made.append_pieces("output", 8, pieces())
    made.append("log", b"x")
    made.end()
    assert await read(made) == [("log", b"x")]


async def test_there_is_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MAX_BYTES", 1000)
    made = Journal(KINDS, tmp_path)
    made.append("log", b"x" * 600)
    with pytest.raises(TooMuch, match="1000 bytes"):
        made.append("log", b"x" * 600)
    with pytest.raises(TooMuch):
        await made.append_pieces("log", 600, iter([b"x" * 600]))
    made.end()
    assert len(await read(made)) == 1
