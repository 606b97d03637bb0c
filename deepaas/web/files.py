"""Serves the files of a folder: a list, single files, or all of them as a ZIP archive.

Nothing outside the folder can be reached, and files are always downloads, never pages of this host.
All functions except the two ``send_`` ones access the disk synchronously: call them in a thread.
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
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict

from deepaas.beneath import FoundFile, Root
from deepaas.errors import RunFileNotFound
from deepaas.web import bounded

_log = logging.getLogger(__name__)

MAX_ENTRIES_COUNT = 10_000

OWN_STEPS = 2
"""The host created the folder and its parent: if one of them is a symlink, something else put it
there, and it is not followed."""

READ_BYTES = 256 * 1024

WORTH_IT = 0.9
"""A file is compressed if its beginning shrinks to less than this ratio."""

_HEADERS = {hdrs.CACHE_CONTROL: "no-cache"}
_ZIP_FIRST_YEAR, _ZIP_LAST_YEAR = 1980, 2107


@dataclass(frozen=True)
class FolderEntry:
    """A file; ``size`` is in bytes, ``modified`` in seconds since the epoch.

    ``path`` is relative to the folder, with slashes. Bytes that are not UTF-8 are replaced; the
    result still identifies the file for :func:`send_file` and in archives.
    """

    path: str
    size: int
    modified: float


@dataclass(frozen=True)
class FolderListing:
    """A folder's files, sorted, folder by folder; ``cut`` if there are more."""

    entries: list[FolderEntry]
    cut: bool


def listing(root: Path, max_count: int = MAX_ENTRIES_COUNT) -> FolderListing:
    """List regular files, and symlinks to files inside the folder. A missing folder is empty."""
    entries: list[FolderEntry] = []
    with contextlib.closing(_walk(root)) as walk:
        for file in walk:
            if len(entries) == max_count:
                return FolderListing(entries, cut=True)
            entries.append(FolderEntry(file.name, file.status.st_size, file.status.st_mtime))
    return FolderListing(entries, cut=False)


class _Sent(web.FileResponse):
    """A file response that this module prepares while the file is open, and aiohttp does not."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        return None if self.prepared else await super().prepare(request)


async def send_file(request: web.Request, root: Path, relative: str) -> web.StreamResponse:
    """Send a file, or the range of it that the client requests.

    ``relative`` is percent-decoded: a path as :func:`listing` gives it.

    Raises:
        RunFileNotFound: there is no such regular file inside of the folder.
    """
    file = await asyncio.to_thread(open_file, root, relative)
    name = relative.rpartition("/")[2]
    headers = {
        **_HEADERS,
        hdrs.CONTENT_TYPE: _media_type(name),
        hdrs.CONTENT_DISPOSITION: content_disposition(name),
    }
    with file:
        # By its descriptor: the path may lead to another file by now, and aiohttp would send
        # a.txt.gz instead of a.txt if it existed.
        response = _Sent(f"/dev/fd/{file.fileno()}", headers=headers)
        status = os.fstat(file.fileno())
        try:
            await response.prepare(_with_fitting_range(request, status))
            # aiohttp leaves this to whoever asks it to prepare, unless the loop has sendfile().
            await response.write_eof()
        except ConnectionError:
            return response  # The client has left.
        except RuntimeError:
            if request.transport is None or request.transport.is_closing():
                return response  # asyncio raises this if the client disconnects during sendfile.
            raise
        if os.fstat(file.fileno()).st_size < status.st_size:
            # It may have been shorter than its Content-Length: only a closed connection shows that.
            _abort(request)
    return response


def _with_fitting_range(request: web.Request, status: os.stat_result) -> web.Request:
    """The request without its range, if the range is for another version of the file.

    aiohttp supports ``If-Range`` with a date, but not with an ETag, which browsers send.
    """
    wanted = request.headers.get(hdrs.IF_RANGE, "")
    if '"' not in wanted or wanted == f'"{status.st_mtime_ns:x}-{status.st_size:x}"':
        return request
    # aiohttp clones valid text only; other bytes are not needed here.
    headers = CIMultiDict(
        (name, value.encode(errors="surrogateescape").decode(errors="replace"))
        for name, value in request.headers.items()
        if name.lower() != "range"
    )
    return request.clone(headers=headers)


def open_file(root: Path, relative: str) -> BinaryIO:
    """Open a file by its path as :func:`listing` gives it.

    Raises:
        RunFileNotFound: there is no such regular file inside of the folder.
    """
    try:
        with Root(root, OWN_STEPS) as opened:
            return opened.open(relative)
    except (OSError, ValueError):  # ValueError: not a file name.
        raise RunFileNotFound(relative) from None


def _media_type(name: str) -> str:
    kind, encoding = mimetypes.guess_type(name)
    if encoding:
        # a.tar.gz is sent as it is, without Content-Encoding.
        return {"gzip": "application/gzip"}.get(encoding, f"application/x-{encoding}")
    return kind or "application/octet-stream"


def content_disposition(filename: str) -> str:
    """The header for a download with this name (RFC 6266, RFC 8187)."""
    simple = re.sub(r"[^ !#-$&-\[\]-~]", "_", filename)
    if simple == filename:
        return f'attachment; filename="{filename}"'
    exact = quote(filename.encode(errors="replace"), safe="!#$&+-.^_`|~")
    return f"attachment; filename=\"{simple}\"; filename*=UTF-8''{exact}"


async def send_zip(request: web.Request, root: Path, name: str) -> web.StreamResponse:
    """Send a folder as a ZIP archive, made while it is sent; empty if there is no folder."""
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
            # A thread for each piece, so that a slow client does not occupy one.
            step = asyncio.ensure_future(asyncio.to_thread(next, pieces, None))
            piece = await asyncio.shield(step)
            if piece is None:
                break
            await bounded.send(request, response, piece)
    except ConnectionError:
        pass  # The client has left.
    except OSError:
        # Too late for another status: only a closed connection shows that the rest is missing.
        _log.exception("%s %s: cannot read a file", request.method, request.path)
        _abort(request)
    finally:
        if step is not None:
            await asyncio.wait((step,))
        await asyncio.to_thread(pieces.close)
    return response


def zip_pieces(root: Path) -> Generator[bytes, None, None]:
    """A ZIP archive of all files of a folder, piece by piece; ``OSError`` from the disk.

    Files may appear and disappear meanwhile. Each is included as far as it can be read, up to the
    size it had when it was opened.
    """
    out = _Outlet()
    with (
        zipfile.ZipFile(out, "w", allowZip64=True) as archive,
        contextlib.closing(_walk(root)) as walk,
    ):
        for found in walk:
            try:
                file = found.open()
            except OSError:
                continue  # It has just been deleted.
            with file:
                yield from _pack(archive, out, found.name, file)
    yield out.take()


def _walk(root: Path) -> Generator[FoundFile, None, None]:
    """Empty if the folder does not exist."""
    try:
        opened = Root(root, OWN_STEPS)
    except OSError:
        return
    with opened:
        yield from opened.walk()


def _pack(
    archive: zipfile.ZipFile, out: _Outlet, name: str, file: BinaryIO
) -> Generator[bytes, None, None]:
    status = os.fstat(file.fileno())
    left = status.st_size
    chunk = file.read(min(READ_BYTES, left))
    entry = zipfile.ZipInfo(name, _zip_time(status.st_mtime))
    entry.external_attr = (stat.S_IFREG | stat.S_IMODE(status.st_mode)) << 16
    entry.file_size = left  # Tells zipfile whether it has to be ZIP64.
    # Files that are not compressed use deflate with level 0 too: streaming readers cannot find the
    # end of a stored entry whose length was unknown at its start.
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
    beginning = beginning[: 64 * 1024]
    return int(len(zlib.compress(beginning, 1)) < WORTH_IT * len(beginning))


def _zip_time(seconds: float) -> tuple[int, int, int, int, int, int]:
    year, *rest = time.localtime(seconds)[:6]
    if not _ZIP_FIRST_YEAR <= year <= _ZIP_LAST_YEAR:
        return (_ZIP_FIRST_YEAR, 1, 1, 0, 0, 0)
    month, day, hour, minute, second = rest
    return (year, month, day, hour, minute, second)


class _Outlet(io.RawIOBase):
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
        taken = b"".join(self._pieces)
        self._pieces, self.size = [], 0
        return taken


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
