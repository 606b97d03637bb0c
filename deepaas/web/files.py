"""The files of a folder for clients: listed, sent one by one, or all of them as a ZIP archive.

Nothing outside the folder can be reached, and none of the files is ever shown as a page of this
host: they are downloads, whatever they hold. All but the two ``send_`` functions touch the disk
at once: call them in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import mimetypes
import os
import re
import stat
import time
import zipfile
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import quote

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from deepaas.errors import RunFileNotFound

_log = logging.getLogger(__name__)

MAX_ENTRIES_COUNT = 10_000
READ_BYTES = 256 * 1024

WORTH_IT = 0.9
"""A file whose beginning shrinks to less than this is compressed."""

_HEADERS = {hdrs.CACHE_CONTROL: "no-cache"}
_ZIP_FIRST_YEAR, _ZIP_LAST_YEAR = 1980, 2107


@dataclass(frozen=True)
class Entry:
    """A file.

    Attributes:
        path: relative to the folder, with slashes. Bytes of a name that are no UTF-8 are replaced
            in it: such a file comes with the archive only.
        size: in bytes.
        modified: seconds since the epoch.
    """

    path: str
    size: int
    modified: float


@dataclass(frozen=True)
class Listing:
    """What is in a folder.

    Attributes:
        entries: sorted, folder by folder.
        cut: whether there are more than these.
    """

    entries: list[Entry]
    cut: bool


def listing(root: Path, max_count: int = MAX_ENTRIES_COUNT) -> Listing:
    """List all regular files; symlinks to such a file only when they stay inside.

    Args:
        root: the folder; one that is not there is empty.
        max_count: how many entries to give at most.
    """
    entries: list[Entry] = []
    for name, path in _walk(root):
        with contextlib.suppress(OSError):  # It has just vanished.
            status = path.stat()
            if len(entries) == max_count:
                return Listing(entries, cut=True)
            entries.append(Entry(name, status.st_size, status.st_mtime))
    return Listing(entries, cut=False)


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    """Names and paths of the regular files."""
    try:
        inside = root.resolve(strict=True)
    except OSError:
        return
    folders = [("", root)]
    while folders:
        prefix, folder = folders.pop()
        below: list[tuple[str, Path]] = []
        for entry in _scan(folder):
            name = prefix + os.fsencode(entry.name).decode(errors="replace")
            path = folder / entry.name
            # Folders are not looked for behind symlinks: if they are inside, they come anyway.
            if entry.is_dir(follow_symlinks=False):
                below.append((f"{name}/", path))
            elif entry.is_file(follow_symlinks=False) or (
                entry.is_symlink() and _is_file_inside(inside, path)
            ):
                yield name, path
        folders += reversed(below)


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []  # It has just vanished, or is none of ours.


def _is_file_inside(inside: Path, path: Path) -> bool:
    try:
        target = path.resolve(strict=True)
        return target.is_relative_to(inside) and target.is_file()
    except (OSError, RuntimeError):
        return False  # A loop is a RuntimeError before Python 3.13.


def confined(root: Path, relative: str) -> Path:
    """The file of that name in a folder, its symlinks resolved.

    Args:
        root: the folder.
        relative: what the client asks for, percent-decoded.

    Raises:
        RunFileNotFound: there is no such regular file inside of the folder.
    """
    asked = PurePosixPath(relative)
    if (
        "\0" in relative
        or asked.is_absolute()
        or ".." in asked.parts
        or str(asked) != relative  # Each file has one name: no "./a", "a//b", "a/".
    ):
        raise RunFileNotFound(relative)
    try:
        path = (root / asked).resolve(strict=True)
        if path.is_relative_to(root.resolve(strict=True)) and path.is_file():
            return path
    except (OSError, RuntimeError, ValueError):
        pass
    raise RunFileNotFound(relative)


class _Sent(web.FileResponse):
    """A file response that is prepared by us, while the file is open, and not again."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        return None if self.prepared else await super().prepare(request)


async def send_file(request: web.Request, path: Path) -> web.StreamResponse:
    """Send one file, or the part of it that the client asks for.

    Args:
        request: what is answered.
        path: as :func:`confined` gave it.

    Raises:
        RunFileNotFound: it has vanished meanwhile, or become something else.
    """
    file = await asyncio.to_thread(_open, path)
    if file is None:
        raise RunFileNotFound(path.name)
    headers = {
        **_HEADERS,
        hdrs.CONTENT_TYPE: _media_type(path.name),
        hdrs.CONTENT_DISPOSITION: content_disposition(path.name),
    }
    with file:
        # By its descriptor: what was checked is what is sent, whatever the path leads to by now,
        # and aiohttp finds no a.txt.gz beside it to send instead of a.txt.
        response = _Sent(f"/dev/fd/{file.fileno()}", headers=headers)
        status = os.fstat(file.fileno())
        try:
            await response.prepare(_with_fitting_range(request, status))
        except ConnectionError:
            return response  # The client has left.
        except RuntimeError:
            if request.transport is None or request.transport.is_closing():
                return response  # What asyncio says of that when it happens in sendfile.
            raise
        if os.fstat(file.fileno()).st_size < status.st_size:
            # Perhaps it was too short for the length that stands in the header: only a broken
            # connection tells that.
            _abort(request)
    return response


def _with_fitting_range(request: web.Request, status: os.stat_result) -> web.Request:
    """The request without its range, if that is one of another version of the file.

    aiohttp knows ``If-Range`` with a date, but not with an ETag, as browsers send it when they
    take up a download again.
    """
    wanted = request.headers.get(hdrs.IF_RANGE, "")
    if '"' not in wanted or wanted == f'"{status.st_mtime_ns:x}-{status.st_size:x}"':
        return request
    headers = request.headers.copy()
    headers.popall(hdrs.RANGE, None)
    return request.clone(headers=headers)


def _open(path: Path) -> BinaryIO | None:
    """Open a regular file for reading, None if it is none."""
    try:
        # Opening a named pipe waits for its other end without O_NONBLOCK.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return open(descriptor, "rb")
    os.close(descriptor)
    return None


def _media_type(name: str) -> str:
    kind, encoding = mimetypes.guess_type(name)
    if encoding:
        # a.tar.gz is what it is: nobody is to unpack it on the way.
        return {"gzip": "application/gzip"}.get(encoding, f"application/x-{encoding}")
    return kind or "application/octet-stream"


def content_disposition(filename: str) -> str:
    """The header that makes a download of an answer, by RFC 6266 and RFC 8187."""
    simple = re.sub(r"[^ !#-$&-\[\]-~]", "_", filename)
    if simple == filename:
        return f'attachment; filename="{filename}"'
    exact = quote(filename.encode(errors="replace"), safe="!#$&+-.^_`|~")
    return f"attachment; filename=\"{simple}\"; filename*=UTF-8''{exact}"


async def send_zip(request: web.Request, root: Path, name: str) -> web.StreamResponse:
    """Send all files of a folder as a ZIP archive, which is made while it is sent.

    Args:
        request: what is answered.
        root: the folder; one that is not there gives an empty archive.
        name: the file name of the archive, for the client.
    """
    headers = {
        **_HEADERS,
        hdrs.CONTENT_TYPE: "application/zip",
        hdrs.CONTENT_DISPOSITION: content_disposition(name),
    }
    response = web.StreamResponse(headers=headers)
    pieces = zip_pieces(root)
    step: asyncio.Future[bytes | None] | None = None
    try:
        await response.prepare(request)
        while request.method != hdrs.METH_HEAD:
            # A thread for each piece, and none while a slow client takes it.
            step = asyncio.ensure_future(asyncio.to_thread(next, pieces, None))
            piece = await asyncio.shield(step)
            if piece is None:
                break
            await response.write(piece)
    except ConnectionError:
        pass  # The client has left.
    except OSError:
        # Too late for another status: only a broken connection tells that the rest is missing.
        _log.exception("%s %s: a file cannot be read", request.method, request.path)
        _abort(request)
    finally:
        if step is not None:
            await asyncio.wait((step,))
        await asyncio.to_thread(pieces.close)
    return response


def zip_pieces(root: Path) -> Generator[bytes, None, None]:
    """A ZIP archive of all files of a folder, piece by piece.

    Files that come and go meanwhile do no harm. Of each there is in it what could be read, at
    most as much as it had when its turn came.

    Raises:
        OSError: the disk cannot be read.
    """
    out = _Outlet()
    names: set[str] = set()
    with zipfile.ZipFile(out, "w", allowZip64=True) as archive:
        for name, path in _walk(root):
            file = None if name in names else _open(path)
            if file is not None:
                names.add(name)
                with file:
                    yield from _pack(archive, out, name, file)
    yield out.take()


def _pack(
    archive: zipfile.ZipFile, out: _Outlet, name: str, file: BinaryIO
) -> Generator[bytes, None, None]:
    status = os.fstat(file.fileno())
    left = status.st_size
    chunk = file.read(min(READ_BYTES, left))
    entry = zipfile.ZipInfo(name, _zip_time(status.st_mtime))
    entry.external_attr = (stat.S_IFREG | stat.S_IMODE(status.st_mode)) << 16
    entry.file_size = left  # Tells zipfile whether it has to be ZIP64.
    # Deflate also for what is not worth compressing, with level 0: readers of streams cannot
    # find the end of a stored entry whose length was not known when it began.
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = _level(chunk)  # type: ignore[attr-defined]
    with archive.open(entry, "w") as target:
        while chunk:
            target.write(chunk)
            left -= len(chunk)
            if out.size >= READ_BYTES:
                yield out.take()
            chunk = file.read(min(READ_BYTES, left))
    if out.size >= READ_BYTES:
        yield out.take()


def _level(beginning: bytes) -> int:
    """How hard to compress: 1 when there is something to gain, 0 when not."""
    beginning = beginning[: 64 * 1024]
    return int(len(zlib.compress(beginning, 1)) < WORTH_IT * len(beginning))


def _zip_time(seconds: float) -> tuple[int, int, int, int, int, int]:
    year, *rest = time.localtime(seconds)[:6]
    if not _ZIP_FIRST_YEAR <= year <= _ZIP_LAST_YEAR:
        return (_ZIP_FIRST_YEAR, 1, 1, 0, 0, 0)
    month, day, hour, minute, second = rest
    return (year, month, day, hour, minute, second)


class _Outlet(io.RawIOBase):
    """Where zipfile writes to: a stream that cannot seek, emptied again and again."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces, self.size = [], 0
        return taken


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
