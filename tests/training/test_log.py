"""The log of a run: real pipes, real files, full disks."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepaas.training.log import PIECE_BYTES, SEGMENT_BYTES, SEGMENTS_COUNT, LogReader, LogWriter

from .logs import SECONDS, everything, segments, until, write, writing


def test_what_is_printed_can_be_read_at_once(tmp_path: Path) -> None:
    reader = LogReader(tmp_path / "log")
    assert (reader.size(), reader.start(), reader.read(0, 100)) == (0, 0, (0, b""))
    assert reader.lines(0, 100) == (0, [])
    assert reader.tail(5) == 0
    with writing(tmp_path / "log") as put:
        put(b"one\n")
        until(lambda: reader.size() == 4)
        assert reader.read(0, 100) == (0, b"one\n")
        put(b"two")
        until(lambda: reader.size() == 7)
        assert reader.read(4, 100) == (4, b"two")
    assert reader.read(2, 3) == (2, b"e\nt")
    assert reader.read(7, 100) == (7, b"")
    assert reader.read(1000, 100) == (1000, b"")
    assert reader.read(3, 0) == (3, b"")


def test_wait_tells_whether_the_pipe_has_ended(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    writer = LogWriter(tmp_path, read_end)
    writer.start()
    assert not writer.wait(0.01)
    os.close(write_end)
    assert writer.wait(SECONDS)


def test_segments_are_named_by_their_offset_and_the_oldest_removed(tmp_path: Path) -> None:
    content = bytes(random.Random(1).randbytes(95))
    reader = write(tmp_path, content, segment_bytes=10)
    assert segments(tmp_path) == [(f"{n:020d}", 5 if n == 90 else 10) for n in (60, 70, 80, 90)]
    assert (reader.start(), reader.size()) == (60, 95)
    assert reader.read(0, 100) == (60, content[60:])
    assert reader.read(55, 10) == (60, content[60:70])
    assert reader.read(63, 10) == (63, content[63:73])
    assert reader.read(69, 2) == (69, content[69:71])


def test_a_second_writer_goes_on_at_the_end(tmp_path: Path) -> None:
    content = random.Random(1).randbytes(64)
    for begin in range(0, 64, 8):
        write(tmp_path, content[begin : begin + 8], segment_bytes=10)
    reader = LogReader(tmp_path)
    assert reader.size() == 64
    assert reader.read(0, 100) == (30, content[30:])


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("x")
    (tmp_path / "123").write_text("x")
    reader = write(tmp_path, b"a" * 100, segment_bytes=10)
    assert everything(reader) == b"a" * 40
    assert (tmp_path / "notes").exists()
    assert (tmp_path / "123").exists()


def test_a_long_output_leaves_the_last_segments(tmp_path: Path) -> None:
    part = random.Random(1).randbytes(1000_000)
    reader = write(tmp_path, *[part] * 50)
    kept = [size for _, size in segments(tmp_path)]
    assert len(kept) == SEGMENTS_COUNT
    assert max(kept) == SEGMENT_BYTES
    assert reader.size() == 50_000_000
    begin, data = reader.read(0, 10**9)
    assert begin == reader.start() == 50_000_000 - sum(kept)
    assert data == (part * 50)[begin:]


# --- lines ---------------------------------------------------------------------------------------


def test_only_whole_lines_are_given_out(tmp_path: Path) -> None:
    reader = write(tmp_path, b"one\n\nthr\xffee\r\nrest")
    assert reader.lines(0, 1000) == (13, ["one", "", "thr\ufffdee"])
    assert reader.lines(13, 1000) == (13, [])
    assert reader.lines(13, 1000, unfinished=True) == (17, ["rest"])
    assert reader.lines(17, 1000, unfinished=True) == (17, [])
    # It goes on behind what may be read at once: then it is not the last.
    assert reader.lines(0, 6, unfinished=True) == (5, ["one", ""])


def test_a_progress_bar_is_seen_while_it_grows(tmp_path: Path) -> None:
    reader = write(tmp_path, b"\r10%\r20%\r30%")
    assert reader.lines(0, 1000) == (9, ["", "10%", "20%"])
    assert reader.lines(9, 1000, unfinished=True) == (12, ["30%"])


def test_a_line_end_of_two_characters_is_not_taken_apart(tmp_path: Path) -> None:
    reader = write(tmp_path, b"one\r")
    assert reader.lines(0, 1000) == (0, [])
    reader = write(tmp_path, b"\ntwo\n")
    assert reader.lines(0, 1000) == (9, ["one", "two"])


def all_lines(reader: LogReader, max_bytes: int, offset: int = 0) -> list[str]:
    found: list[str] = []
    while True:
        offset, lines = reader.lines(offset, max_bytes, unfinished=True)
        if not lines:
            return found
        found += lines


@pytest.mark.parametrize("segment_bytes", [1, 2, 3, 5, 7, 1000])
def test_characters_that_a_segment_cuts(tmp_path: Path, segment_bytes: int) -> None:
    lines = ["größer", "日本語", "🙂🙃", "a"] * 3
    content = "".join(f"{line}\n" for line in lines).encode()
    reader = write(tmp_path, content, segment_bytes=segment_bytes, segments_count=1000)
    assert all_lines(reader, 1000) == lines
    assert all_lines(reader, 20) == lines


@pytest.mark.parametrize("text", ["a", "ö", "日", "🙂", "aö日🙂"])
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_long_line_comes_in_pieces(tmp_path: Path, text: str, end: str) -> None:
    line = text * 70_000
    reader = write(tmp_path, f"x\n{line}{end}y\n".encode())
    for max_bytes in (100_000, 2**20, PIECE_BYTES, 1000):
        x, *pieces, last = all_lines(reader, max_bytes)
        assert x == "x"
        assert "".join([*pieces, last]) == line + "y"
        assert (last == "y") or not end
        assert max(len(piece.encode()) for piece in pieces) <= min(max_bytes, PIECE_BYTES)


def test_a_long_line_that_is_being_written_comes_in_pieces(tmp_path: Path) -> None:
    reader = write(tmp_path, "日".encode() * 50_000)
    offset, lines = reader.lines(0, 2**20)
    assert [len(line) for line in lines] == [PIECE_BYTES // 3] * 2
    assert offset == PIECE_BYTES // 3 * 3 * 2
    assert reader.lines(offset, 2**20) == (offset, [])


def test_bytes_that_are_no_text_come_out_all_the_same(tmp_path: Path) -> None:
    reader = write(tmp_path, b"\x80" * 100_000 + b"\xf0" * 100_000)
    assert "".join(all_lines(reader, 1000)) == "\ufffd" * 200_000
    assert len(all_lines(reader, 1, 199_000)) == 1000


def test_a_line_tells_what_is_gone(tmp_path: Path) -> None:
    content = b"".join(b"%04d \xc3\xb6\n" % number for number in range(20))  # 8 bytes each.
    reader = write(tmp_path, content, segment_bytes=46, segments_count=2)
    assert reader.start() == 92
    _, lines = reader.lines(0, 1000)
    # Byte 92 is the space in the line 0011; only that is left of it, and what follows.
    assert lines[:3] == ["[… 92 bytes have been removed …]", " ö", "0012 ö"]
    assert lines[-1] == "0019 ö"


def test_a_character_of_which_half_is_gone_is_left_out(tmp_path: Path) -> None:
    reader = write(tmp_path, "🙂🙂\nab\n".encode(), segment_bytes=6, segments_count=1)
    assert reader.lines(0, 1000) == (12, ["[… 6 bytes have been removed …]", "", "ab"])


# --- tail ----------------------------------------------------------------------------------------


def expected_tail(content: bytes, count: int) -> int:
    lines = content.splitlines(keepends=True)
    return len(content) - sum(map(len, lines[-count:] if count > 0 else []))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sizes=st.lists(st.sampled_from([0, 1, 5, 30_000, 65_535, 65_536, 70_000]), max_size=6),
    open_end=st.booleans(),
    count=st.integers(-1, 8),
)
def test_tail(tmp_path: Path, sizes: list[int], open_end: bool, count: int) -> None:
    content = b"".join(b"x" * size + b"\n" for size in sizes) + b"y" * open_end
    for path in tmp_path.iterdir():
        path.unlink()
    reader = write(tmp_path, content)
    assert reader.tail(count) == expected_tail(content, count)


def test_tail_of_what_is_kept(tmp_path: Path) -> None:
    reader = write(tmp_path, b"0123456\n" * 20, segment_bytes=21, segments_count=2)
    assert (reader.start(), reader.size()) == (126, 160)
    assert reader.tail(1) == 152
    assert reader.tail(4) == 128
    assert reader.tail(5) == reader.tail(100) == 126
