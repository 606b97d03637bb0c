"""The files of visitors: what they are called outside, how long they are kept, how much of them.

A visitor never sees a path of this machine. A file has a name that cannot be guessed,
``/files/{64 hexadecimal digits}/{its own name}``: who has been told it may use it. For an upload
the digits are drawn by lot; for answers and examples Gradio makes them of a secret and the content.
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
"""Folder beside that of the files: where Gradio puts what comes, until it has its name."""

KEEP_SECONDS = 3600.0
SWEEP_SECONDS = 60.0
COMING_SECONDS = 60.0
"""An upload that has not grown for so long comes no more."""

MAX_COUNT = 10_000
"""So many files at most; the oldest go."""

DISK_SHARE = 0.5
"""Of the disk that was free at the start: so much may be in the way of others at most."""

_NAME = re.compile(rf"{PREFIX}/([0-9a-f]{{64}})/([^/\0]+)")


class NoRoom(Exception):
    """The disk has no room for what comes."""


class UnknownFile(ValueError):
    """A name that nobody was given, or whose file is kept no more."""


class VisitorFiles:
    """All files that visitors of these pages have sent or been given.

    Args:
        folder: where Gradio keeps its files, ``GRADIO_TEMP_DIR``; it need not be there yet.
        max_bytes: of all of them; None for a share of what is free on the disk.
    """

    def __init__(self, folder: Path, max_bytes: int | None = None) -> None:
        self.incoming = folder.with_name(f"{INCOMING}-{folder.name}")
        self._folder = folder
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: set[str] = set()
        self._shown = _spellings(str(folder))

    def keep(self, text: str) -> None:
        """Never remove what is named here: the page's own examples."""
        self._kept |= {match[1] for match in _NAME.finditer(text)}

    def path(self, name: str) -> Path:
        """The file behind a name; UnknownFile if there is none."""
        match = _NAME.fullmatch(name)
        if match is None or match[2] in (".", ".."):
            raise UnknownFile(name)
        path = self._folder / match[1] / match[2]
        try:
            found = stat.S_ISREG(path.lstat().st_mode)
        except (OSError, ValueError):  # A name that is too long, or no text for the system.
            found = False
        if not found:
            raise UnknownFile(name)
        return path

    def adopt(self, path: Path) -> str:
        """Give a file that has come a name of its own."""
        folder = self._folder / secrets.token_hex(32)
        folder.mkdir(parents=True)
        # A link: two visitors may send the same file, which Gradio puts into the same place.
        os.link(path, folder / path.name)
        return f"{PREFIX}/{folder.name}/{path.name}"

    def mask(self, text: bytes) -> bytes:
        for path in self._shown:
            text = text.replace(path, PREFIX.encode())
        return text

    async def take(self, count: int) -> None:
        """So many bytes come; NoRoom if there would be too many, whatever is removed."""
        if self._max_bytes is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._max_bytes = int(shutil.disk_usage(self._folder).free * DISK_SHARE)
        self._bytes += count
        if self._bytes > self._max_bytes:
            # Some more than is needed, so as not to sweep for every few bytes.
            await asyncio.to_thread(self.sweep, count + self._max_bytes // 10)
            self._bytes += count  # They are not there yet.
            if self._bytes > self._max_bytes:
                raise NoRoom

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await asyncio.to_thread(self.sweep)
            except (OSError, RuntimeError):
                _log.warning("old files of visitors cannot be removed now", exc_info=True)

    def sweep(self, spare_bytes: int = 0) -> None:
        """Remove what is old, and of the rest the oldest while there is too much; ``spare_bytes``
        are to be free afterwards."""
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
    """One file, however many names it has."""

    size: int
    changed: float
    paths: list[Path] = field(default_factory=list)

    def remove(self) -> None:
        for path in self.paths:
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()  # Unless there is more in it.


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
    """A path as it stands in texts, JSON and URLs."""
    as_json = json.dumps(path)[1:-1]
    return list(dict.fromkeys(text.encode() for text in (path, as_json, quote(path))))
