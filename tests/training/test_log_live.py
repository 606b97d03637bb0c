"""The log of a training while it is written, and when it cannot be."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from deepaas.training.log import LogReader

from .logs import SECONDS, everything, until, write, writing


def numbered(count: int) -> bytes:
    return b"".join(b"%08d\n" % number for number in range(count))


def test_a_follower_within_the_window_sees_every_byte_once(tmp_path: Path) -> None:
    content = numbered(100_000)
    reader = LogReader(tmp_path)
    seen = bytearray()
    with writing(tmp_path, segment_bytes=50_000, segments_count=4) as put:
        generator = random.Random(1)
        position = 0
        while len(seen) < len(content):
            # Never further ahead than what is certainly kept.
            size = min(generator.randint(0, 60_000), len(seen) + 140_000 - position)
            put(content[position : position + size])
            position = min(position + size, len(content))
            begin, data = reader.read(len(seen), generator.randint(1, 90_000))
            assert begin == len(seen)
            seen += data
    assert seen == content


def test_lines_are_followed_whole(tmp_path: Path) -> None:
    count = 30_000
    content = numbered(count)
    reader = LogReader(tmp_path)
    lines: list[str] = []
    offset = 0
    with writing(tmp_path, segment_bytes=50_001, segments_count=100) as put:
        thread = threading.Thread(target=put, args=[content])
        thread.start()
        while len(lines) < count:
            offset, new = reader.lines(offset, 10_000)
            lines += new
        thread.join()
    assert lines == [f"{number:08d}" for number in range(count)]


def test_reading_while_segments_vanish(tmp_path: Path) -> None:
    """A reader that is too slow gets what is there, from its true offset on."""
    content = numbered(400_000)
    reader = LogReader(tmp_path)
    done = threading.Event()
    gaps = 0
    with writing(tmp_path, segment_bytes=1000, segments_count=2) as put:

        def print_all() -> None:
            put(content)
            done.set()

        thread = threading.Thread(target=print_all)
        thread.start()
        offset = 0
        while not (done.is_set() and offset >= len(content)):
            begin, data = reader.read(offset, 5000)
            assert begin >= offset
            assert data == content[begin : begin + len(data)]
            gaps += begin > offset
            offset = begin + len(data)
            tail = reader.tail(3)
            assert reader.start() <= reader.size()
            assert tail <= reader.size()
        thread.join()
    assert gaps


def test_nothing_that_was_read_is_lost_by_a_kill(tmp_path: Path) -> None:
    """The process that writes the log dies by SIGKILL; what was in the files stays."""
    program = """
        import os, sys, time
        from pathlib import Path
        from deepaas.training.log import LogReader, LogWriter
        read_end, write_end = os.pipe()
        LogWriter(Path(sys.argv[1]), read_end).start()
        os.write(write_end, b"a" * 5000)
        while LogReader(Path(sys.argv[1])).size() < 5000:
            time.sleep(0.001)
        os.kill(os.getpid(), 9)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), tmp_path], timeout=SECONDS, check=False
    )
    assert done.returncode == -9
    assert everything(LogReader(tmp_path)) == b"a" * 5000
    assert everything(write(tmp_path, b"b")) == b"a" * 5000 + b"b"


# --- when it cannot be written -------------------------------------------------------------------


def test_a_log_that_cannot_be_written_costs_what_comes_meanwhile(tmp_path: Path) -> None:
    first = tmp_path / f"{0:020d}"
    first.symlink_to("/dev/full")  # Not followed: nothing can be written either way.
    reader = LogReader(tmp_path)
    with writing(tmp_path) as put:
        for _ in range(50):
            put(b"x" * 100_000)
        # All but what the pipe may hold has been read and dropped; the disk has space again.
        first.unlink()
        put(b"x" * 5_000_000)
        put(b"\nafter\n")
        until(lambda: reader.size() > 0)
    content = everything(reader)
    note, rest = content.split(b"\n", 1)
    _, missing, reason = note.decode().split(" ", 2)
    assert reason == "bytes could not be written: Too many levels of symbolic links …]"
    assert int(missing) + len(rest) == 10_000_000 + len(b"\nafter\n")
    assert rest.endswith(b"x\nafter\n")
    assert content.count("[…".encode()) == 1


def test_what_is_missing_at_the_end_is_told_too(tmp_path: Path) -> None:
    """In a process of its own, whose limit of the size of files is set and lifted."""
    program = """
        import os, resource, sys, time
        from pathlib import Path
        from deepaas.training.log import LogReader, LogWriter
        reader = LogReader(Path(sys.argv[1]))
        read_end, write_end = os.pipe()
        writer = LogWriter(Path(sys.argv[1]), read_end)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        writer.start()
        os.write(write_end, b"a" * 990)
        while reader.size() < 990:
            time.sleep(0.001)
        os.write(write_end, b"b" * 500)
        while reader.size() < 1000 or not writer._failing:
            time.sleep(0.001)
        # Space for a part of the note, which must not be broken by that.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1020, resource.RLIM_INFINITY))
        os.write(write_end, b"c" * 500)
        while reader.size() < 1020 or writer._dropped != 500:
            time.sleep(0.001)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        os.close(write_end)
        assert writer.wait(60)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), tmp_path],
        timeout=SECONDS,
        check=True,
        capture_output=True,
    )
    assert everything(LogReader(tmp_path)).decode() == (
        "a" * 990
        + "b" * 10
        + "\n[… 490 bytes could not be written: File too large …]\n"
        + "[… 500 bytes could not be written: File too large …]\n"
    )
    assert b"Traceback" not in done.stderr


def test_a_small_disk_that_fills_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """On a tmpfs where that may be mounted, which root may; else a limit of the size of files."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False, capture_output=True
    ).returncode
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(600_000))
    if not mounted:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limits[1]))
    try:
        content = numbered(100_000)
        reader = LogReader(disk / "log")
        with writing(disk / "log") as put:
            put(content)
            until(lambda: "cannot write the log" in caplog.text)
            ballast.unlink()
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            put(b"it goes on\n")
        log = everything(reader)
        begin, _, rest = log.partition("[…".encode())
        assert content.startswith(begin.rstrip(b"\n"))
        assert rest.endswith(b"it goes on\n")
        missing = int(rest.split()[0])
        written = len(begin.rstrip(b"\n")) + len(rest.partition("…]\n".encode())[2])
        assert 0 <= len(content) + len(b"it goes on\n") - written - missing <= 1
        reason = "No space left on device" if mounted else "File too large"
        assert reason.encode() in rest
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        if mounted:
            subprocess.run(["umount", disk], check=True)


def test_a_folder_that_is_removed_does_not_stop_the_training(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    with writing(folder, segment_bytes=1000) as put:
        put(b"a")
        until(lambda: LogReader(folder).size() == 1)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        put(b"a" * 1_000_000)
    assert not folder.exists()
