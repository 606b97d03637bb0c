"""The files of users: their public names, how long they are kept, and their total size.

Users never see paths of this machine. A file has a name that cannot be guessed,
``/files/{64 hexadecimal digits}/{its own name}``: anyone with the name can use the file. The digits
of an upload are random; for results and examples Gradio computes them from a secret and the
content.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

_log = logging.getLogger(__name__)

PREFIX = "/files"
INCOMING = "incoming"
"""Folder next to that of the files, where Gradio puts uploads until they have a name."""

KEEP_SECONDS = 3600.0
SWEEP_SECONDS = 60.0
COMING_SECONDS = 60.0
"""An upload that has not grown for this time has been abandoned."""

MAX_COUNT = 10_000
"""Maximum number of files. Beyond that, the oldest are removed."""

DISK_SHARE = 0.5
"""Maximum share of the disk space that was free at the start."""

_NAME = re.compile(rf"{PREFIX}/([0-9a-f]{{64}})/([^/\0]+)")


class NoRoom(Exception):
    """Not enough disk space for an upload."""


class UnknownFile(ValueError):
    """An unknown name, or one whose file has been removed."""


class VisitorFiles:
    """All uploads and results of users of these pages.

    Args:
        folder: the folder of Gradio's files, ``GRADIO_TEMP_DIR``; it may not exist yet.
        max_bytes: maximum total size; None for a share of the free disk space.
    """

    def __init__(self, folder: Path, max_bytes: int | None = None) -> None:
        self.incoming = folder.with_name(f"{INCOMING}-{folder.name}")
        self._folder = folder
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: set[str] = set()
        self._shown = _spellings(str(folder))

    def keep(self, text: str) -> None:
        """Never remove the files named in a text: the page's own examples."""
        self._kept |= {match[1] for match in _NAME.finditer(text)}

    def path(self, name: str) -> Path:
        """Return the path of a name. Raises ``UnknownFile``."""
        match = _NAME.fullmatch(name)
        if match is None or match[2] in (".", ".."):
            raise UnknownFile(name)
        path = self._folder / match[1] / match[2]
        try:
            found = stat.S_ISREG(path.lstat().st_mode)
        except (OSError, ValueError):  # The name is too long, or invalid for the system.
            found = False
        if not found:
            raise UnknownFile(name)
        return path

    def adopt(self, path: Path) -> str:
        """Give an upload its own name."""
        folder = self._folder / secrets.token_hex(32)
        folder.mkdir(parents=True)
        # A link: Gradio stores equal files of two users in the same place.
        os.link(path, folder / path.name)
        return f"{PREFIX}/{folder.name}/{path.name}"

    def mask(self, text: bytes) -> bytes:
        for path in self._shown:
            text = text.replace(path, PREFIX.encode())
        return text

    async def take(self, count: int) -> None:
        """Reserve space for more bytes. Raises ``NoRoom`` if removing files is not enough."""
        if self._max_bytes is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._max_bytes = int(shutil.disk_usage(self._folder).free * DISK_SHARE)
        self._bytes += count
        if self._bytes > self._max_bytes:
            # Free more than needed, to sweep less often.
            await asyncio.to_thread(self.sweep, count + self._max_bytes // 10)
            self._bytes += count  # They are not on the disk yet.
            if self._bytes > self._max_bytes:
                raise NoRoom

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await asyncio.to_thread(self.sweep)
            except (OSError, RuntimeError):
                _log.warning("Could not remove old files of users; trying again", exc_info=True)

    def sweep(self, spare_bytes: int = 0) -> None:
        """Remove old files, then the oldest until the limits are met and ``spare_bytes`` are
        free."""
        files = sorted(_files((self._folder, self.incoming)), key=lambda one: one.changed)
        total, count = sum(one.size for one in files), len(files)
        limit = (self._max_bytes or total) - spare_bytes
        now = time.time()
        for one in files:
            if self._kept & {path.parent.name for path in one.paths}:
                continue
            comes = one.paths[0].parent == self.incoming and one.changed > now - COMING_SECONDS
            if one.changed < now - KEEP_SECONDS or (
                not comes and (total > limit or count > MAX_COUNT)
            ):
                one.remove()
                total, count = total - one.size, count - 1
        self._bytes = total


@dataclass
class _VisitorFile:
    """One file with all its names."""

    size: int
    changed: float
    paths: list[Path] = field(default_factory=list)

    def remove(self) -> None:
        for path in self.paths:
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()  # Unless it contains more files.


def _files(folders: Iterable[Path]) -> Iterable[_VisitorFile]:
    found: dict[int, _VisitorFile] = {}
    for path in (path for folder in folders for path in _walk(folder)):
        with contextlib.suppress(FileNotFoundError):
            about = path.lstat()
            one = found.setdefault(about.st_ino, _VisitorFile(about.st_size, about.st_ctime))
            one.paths.append(path)
    return found.values()


def _walk(folder: Path) -> Iterator[Path]:
    for where, _, names in os.walk(folder):
        yield from (Path(where, name) for name in names)


def _spellings(path: str) -> list[bytes]:
    """Return a path as written in text, JSON and URLs."""
    as_json = json.dumps(path)[1:-1]
    return list(dict.fromkeys(text.encode() for text in (path, as_json, quote(path))))
