"""What is left to tell is bounded, and fair."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from deepaas.protocols.cog import outbox
from deepaas.protocols.cog.outbox import Letter, Line, Outbox
from deepaas.web.document import Document, of_bytes


async def test_who_does_not_answer_pays_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox, "LINES_COUNT", 3)
    answering = asyncio.Event()
    told: list[str] = []

    async def send(letter: Letter) -> None:
        await answering.wait()
        told.append(letter.body.whole().decode())

    box = Outbox(tmp_path)
    lines = []
    for origin, about in (("a", "good"), ("b", "b1"), ("b", "b2"), ("b", "b3"), ("c", "fine")):
        line = Line(box, origin, about, send)
        await line.add_last(of_bytes(about.encode()), 1)
        line.finish()
        lines.append(line)
    answering.set()
    await asyncio.gather(*(line.task for line in lines), return_exceptions=True)
    assert sorted(told) == ["b3", "fine", "good"]
    assert [line.about for line in lines if line.task.cancelled()] == ["b1", "b2"]
    assert "b1 is not told: too much is left to tell" in caplog.text


@pytest.mark.parametrize("memory_bytes", [0, 1000])
async def test_what_is_long_lies_in_a_file_until_it_is_told(
    memory_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MEMORY_BYTES", memory_bytes)
    reads = 0

    def pieces():  # type: ignore[no-untyped-def]
        nonlocal reads
        reads += 1
        yield b"x" * 1000

    told: list[bytes] = []

    async def send(letter: Letter) -> None:
        assert len(list(tmp_path.iterdir())) == (not memory_bytes)
        # Not from where it was before.
        assert reads == 1
        told.append(letter.body.whole())

    line = Line(Outbox(tmp_path), "a", "it", send)
    await line.add_last(Document(1000, pieces), 1)
    line.finish()
    await line.task
    assert told == [b"x" * 1000]
    assert list(tmp_path.iterdir()) == []


async def test_what_there_is_no_room_for_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox, "MEMORY_BYTES", 0)
    monkeypatch.setattr(outbox, "DISK_BYTES", 1500)
    told: list[bytes] = []

    async def send(letter: Letter) -> None:
        told.append(letter.body.whole())

    line = Line(Outbox(tmp_path), "a", "it", send)
    await line.add_last(of_bytes(b"1" * 1000), 1)
    await line.add_last(of_bytes(b"2" * 1000), 1)
    await line.told()
    # There is room again.
    await line.add_last(of_bytes(b"3" * 1000), 1)
    line.finish()
    await line.task
    assert told == [b"1" * 1000, b"3" * 1000]
    assert "it is not told: it is too long to be kept" in caplog.text
