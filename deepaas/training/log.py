"""The log of a run: files of limited size with its output.

The output of a run is a sequence of bytes, of which the last part is kept. It is stored in
segments, files that are named after their offset in the complete output. The writer only appends,
and removes the oldest segment. So offsets stay valid as long as the folder exists, and readers need
no lock.

All of this blocks: :class:`LogWriter` has its own thread, and readers must be called in threads.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import re
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from deepaas.beneath import open_file
from deepaas.training.folder import OWN_STEPS, opened

SEGMENT_BYTES = 4 * 1024 * 1024
SEGMENTS_COUNT = 4
"""How much is kept: at least the last 12 MiB, at most 16 MiB."""

READ_BYTES = 256 * 1024
PIPE_BYTES = 1024 * 1024
"""The maximum for unprivileged processes (``/proc/sys/fs/pipe-max-size``)."""

PIECE_BYTES = 64 * 1024

_log = logging.getLogger("deepaas.training")

_WRITING = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_SEGMENT = re.compile(r"[0-9]{20}")
_LINE_END = re.compile(rb"\r\n|\n|\r")


class LogWriter:
    """Appends the output of a pipe to the log, in its own thread, and closes the pipe at its end.

    If the log cannot be written (for example because the disk is full), the pipe is still read,
    because the training would hang otherwise: the output is discarded, and a line in the log says
    how much. An existing log is continued. Raises ``OSError`` if the folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        fd: int,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        segments_count: int = SEGMENTS_COUNT,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._fd = fd
        self._segment_bytes = segment_bytes
        self._segments_count = segments_count
        starts = _starts(folder)
        self._start = starts[-1] if starts else 0
        self._end = self._start
        if starts:
            self._end += _size(folder, self._start)
        self._segment = -1  # The open segment's file descriptor.
        self._line_open = False
        self._failing = False
        self._dropped = 0  # Bytes that no note reports yet,
        self._reason = ""  # and why.
        self._note = b""  # The rest of a partly written note.
        # A daemon, because a stray process that holds the write end must not keep the host alive.
        self._thread = threading.Thread(target=self._run, name=f"log {folder}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until all writers have closed the pipe and the log is complete; False if not."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        # Optional: a larger pipe means fewer switches between the two processes.
        with contextlib.suppress(OSError, AttributeError):  # Only on Linux.
            fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        buffer = memoryview(bytearray(READ_BYTES))
        try:
            while size := os.readv(self._fd, [buffer]):
                self._put(buffer[:size])
            self._put(buffer[:0])
        except OSError:
            _log.exception("cannot read the output of a training: %s", self._folder)
        finally:
            os.close(self._fd)
            self._close()

    def _put(self, data: memoryview) -> None:
        written = 0
        try:
            self._put_notes()
            for size in self._append(data):
                written += size
            self._failing = False
        except OSError as error:
            # Reopened the next time: the folder may have been replaced.
            self._close()
            if not self._failing:
                _log.warning("cannot write the log of a training: %s", error)
            self._failing = True
            self._reason = os.strerror(error.errno or errno.EIO)
            self._dropped += len(data) - written
        if written:
            self._line_open = data[written - 1] != ord("\n")

    def _put_notes(self) -> None:
        while self._note or self._dropped:
            note = self._note
            if not note:
                text = f"[… {self._dropped} bytes could not be written: {self._reason} …]\n"
                note = b"\n" * self._line_open + text.encode()
            # The disk may have space for only a part of the note. That part stays, because
            # readers may have seen it, and the rest follows when there is space.
            for size in self._append(memoryview(note)):
                if not self._note:
                    self._dropped = 0
                note = self._note = note[size:]
                self._line_open = bool(note)

    def _append(self, data: memoryview) -> Iterator[int]:
        """Write to as many segments as necessary; yields the size of each write."""
        while data:
            if self._end - self._start >= self._segment_bytes:
                self._close()
                self._start = self._end
            if self._segment < 0:
                self._open()
            room = self._segment_bytes - (self._end - self._start)
            size = os.write(self._segment, data[:room])
            self._end += size
            data = data[size:]
            yield size

    def _open(self) -> None:
        # Nothing is written if the author's code has put a symlink or a pipe there.
        with opened(self._folder, OWN_STEPS) as folder:
            segment = os.open(_name(self._start), _WRITING, 0o644, dir_fd=folder)
            if not stat.S_ISREG(os.fstat(segment).st_mode):
                os.close(segment)
                raise OSError(errno.EINVAL, "not a regular file", _name(self._start))
            self._segment = segment
            for start in _starts(self._folder)[: -self._segments_count]:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(_name(start), dir_fd=folder)

    def _close(self) -> None:
        if self._segment >= 0:
            os.close(self._segment)
            self._segment = -1


class LogReader:
    """Offsets are in bytes, from the first byte of the run's output."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def size(self) -> int:
        while starts := _starts(self._folder):
            # Retry if rotation has removed it: there are newer ones.
            with contextlib.suppress(FileNotFoundError):
                return starts[-1] + _size(self._folder, starts[-1])
        return 0

    def start(self) -> int:
        starts = _starts(self._folder)
        return starts[0] if starts else 0

    def read(self, offset: int, max_bytes: int) -> tuple[int, bytes]:
        """The bytes and their real offset; fewer than requested at a gap or at the end."""
        parts: list[bytes] = []
        begin = position = max(offset, 0)
        missing = max_bytes
        while missing > 0:
            starts = _starts(self._folder)
            following = [start for start in starts if start > position]
            current = starts[-len(following) - 1] if len(starts) > len(following) else None
            data = b""
            if current is not None:
                limit = following[0] - position if following else missing
                data = self._read_segment(current, position - current, min(missing, limit))
            if data:
                parts.append(data)
                position += len(data)
                missing -= len(data)
            elif parts or not following:
                break
            else:
                begin = position = following[0]
        return begin, b"".join(parts)

    def _read_segment(self, start: int, offset: int, size: int) -> bytes:
        try:
            # The author's code can write here too: a pipe must not block the reader.
            with open_file(self._folder / _name(start), OWN_STEPS + 1) as file:
                return os.pread(file.fileno(), size, offset)
        except OSError:
            return b""

    def lines(
        self, offset: int, max_bytes: int, *, unfinished: bool = False, line_bytes: int = 0
    ) -> tuple[int, list[str]]:
        r"""The next offset, and complete lines without line ends (``\r`` counts as one).

        Bytes that are not UTF-8 are replaced, and lines of more than 64 KiB are split. If the log
        at the offset, the start of a line, has been removed, the first line says so. Of a line
        longer than ``max_bytes``, at most ``line_bytes`` are read; ``unfinished`` includes a last
        line without an end, for logs that are complete.
        """
        offset = max(offset, 0)
        begin, data = self.read(offset, max_bytes)
        ended = len(data) < max_bytes
        lines = []
        if begin > offset:
            lines.append(f"[… {begin - offset} bytes have been removed …]")
            rest_of_character = _continuation(data)
            begin += rest_of_character
            data = data[rest_of_character:]
        whole = _last_line_end(data)
        if not whole and not ended and max_bytes < line_bytes:
            return self.lines(offset, line_bytes, unfinished=unfinished)
        for line in _LINE_END.split(data[:whole])[:-1]:
            lines.extend(map(_text, _pieces(line)))
        *pieces, rest = _pieces(data[whole:])
        lines.extend(map(_text, pieces))
        size = 0
        if unfinished and ended:
            size = len(rest)
        elif len(rest) == len(data) and not ended:
            # The line is longer than the limit: it would never be returned otherwise.
            size = _cut(rest, len(rest))
        if size:
            lines.append(_text(rest[:size]))
        return begin + len(data) - len(rest) + size, lines

    def tail(self, lines_count: int) -> int:
        """The offset of the last lines; an unfinished line counts."""
        size = position = self.size()
        first = self.start()
        left = lines_count
        while left > 0 and position > first:
            asked = max(first, position - PIECE_BYTES)
            begin, data = self.read(asked, position - asked)
            if begin > asked:
                # Removed meanwhile: the rest is all that can be shown.
                return begin
            # The newline at the very end does not start another line.
            found = len(data) - (position == size)
            while (found := data.rfind(b"\n", 0, max(found, 0))) >= 0:
                left -= 1
                if not left:
                    return begin + found + 1
            position = asked
        return first if left > 0 else size


def _name(start: int) -> str:
    return f"{start:020d}"


def _size(folder: Path, start: int) -> int:
    with opened(folder, OWN_STEPS) as descriptor:
        status = os.lstat(_name(start), dir_fd=descriptor)
        return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _starts(folder: Path) -> list[int]:
    try:
        with opened(folder, OWN_STEPS) as descriptor:
            names = os.listdir(descriptor)  # noqa: PTH208 - a descriptor is not a Path
    except (FileNotFoundError, NotADirectoryError):
        return []  # Nothing has been printed, or the author's code has replaced the folder.
    return sorted(int(name) for name in names if _SEGMENT.fullmatch(name))


def _last_line_end(data: bytes) -> int:
    # A carriage return at the very end may be followed by a newline.
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1)) + 1


def _pieces(line: bytes) -> list[bytes]:
    """Split a line that is too long, between characters; at least one piece."""
    pieces = []
    while len(line) > PIECE_BYTES:
        size = _cut(line, PIECE_BYTES)
        pieces.append(line[:size])
        line = line[size:]
    return [*pieces, line]


def _cut(line: bytes, size: int) -> int:
    for lead in range(size - 1, max(size - 4, 0), -1):
        byte = line[lead]
        if byte < 0x80:
            return size
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return size if lead + length <= size else lead
    return size


def _continuation(data: bytes) -> int:
    """How many bytes at the beginning belong to a character that started before them."""
    size = 0
    while size < min(len(data), 3) and 0x80 <= data[size] < 0xC0:
        size += 1
    return size


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
