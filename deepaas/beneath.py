"""Opens files below a folder in which other processes write, without ever leaving it.

What a model has written may change between check and use: a file becomes a symlink, a folder is
replaced. So nothing is checked by path. Each step of a path is opened separately, relative to the
folder before it and without following symlinks; checks and reads use the descriptor. Symlinks are
followed here as long as they stay inside.

All functions block: call them in a thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAX_TURNS_COUNT = 256
"""Limit for symlinks and steps upwards in one path."""

MAX_PATH_BYTES = 4096
"""Longer paths are ignored; they can be created step by step."""

REPLACED = "\ufffd"
"""Replaces each byte of a name that is not UTF-8."""

# Without O_NONBLOCK, opening a named pipe waits for its other end.
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ANY_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def open_folder(path: Path, own_steps: int = 1) -> int:
    """The descriptor of a folder whose last ``own_steps`` steps must not be symlinks."""
    folder = os.open(Path(*path.parts[:-own_steps]), _ANY_FOLDER)
    for name in path.parts[-own_steps:]:
        folder = _step(folder, name)
    return folder


def _step(folder: int, name: str) -> int:
    """Open a folder in a folder, and close the latter."""
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    finally:
        os.close(folder)


def open_file(path: Path, own_steps: int = 1) -> BinaryIO:
    """Open a regular file whose last steps, including its own name, must not be symlinks."""
    if own_steps == 1:
        return _regular(os.open(path, _FILE))
    folder = open_folder(path.parent, own_steps - 1)
    try:
        return _regular(os.open(path.name, _FILE, dir_fd=folder))
    finally:
        os.close(folder)


def remove_tree(name: str, folder: int) -> None:
    """Remove a file, or a folder with its contents; what cannot be removed stays.

    No symlink is followed, and at most two descriptors are open at any depth: the contents of a
    subfolder are moved to the top and removed there.
    """
    with contextlib.suppress(FileNotFoundError):
        try:
            top = os.open(name, _FOLDER, dir_fd=folder)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=folder)
            return
        try:
            _empty(top)
        finally:
            os.close(top)
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=folder)


def _empty(top: int) -> None:
    waiting = _unlink_files(top)
    while waiting:
        name = waiting.pop()
        with contextlib.suppress(OSError):
            below = os.open(name, _FOLDER, dir_fd=top)
            try:
                for inner in _unlink_files(below):
                    raised = secrets.token_hex(16)
                    with contextlib.suppress(OSError):
                        os.rename(inner, raised, src_dir_fd=below, dst_dir_fd=top)
                        waiting.append(raised)
            finally:
                os.close(below)
            os.rmdir(name, dir_fd=top)


def _unlink_files(folder: int) -> list[str]:
    """Remove everything except folders; returns the names of the folders."""
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = os.listdir(folder)
    for name in names:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=folder)  # Fails for a folder.
    with contextlib.suppress(OSError):
        return os.listdir(folder)
    return []


def _regular(descriptor: int) -> BinaryIO:
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return open(descriptor, "rb")
    os.close(descriptor)
    raise FileNotFoundError(errno.ENOENT, "it is not a regular file")


@dataclass(frozen=True)
class FoundFile:
    """A regular file of a :class:`Root`, valid until the walk continues.

    Its ``name`` for clients is the path below the root, with slashes: unique, and in UTF-8.
    """

    name: str
    status: os.stat_result
    _root: Root
    _folder: int
    _steps: tuple[str, ...]

    def open(self) -> BinaryIO:
        """Open it for reading; OSError if it was removed or replaced."""
        if stat.S_ISLNK(os.lstat(self._steps[-1], dir_fd=self._folder).st_mode):
            return self._root.open_steps(self._steps)
        return _regular(os.open(self._steps[-1], _FILE, dir_fd=self._folder))


class Root:
    """A folder whose files are served, opened as by :func:`open_folder`; a context manager."""

    def __init__(self, path: Path, own_steps: int = 1) -> None:
        self._descriptor = open_folder(path, own_steps)
        above = path.absolute().parents[own_steps - 1]
        below = path.parts[-own_steps:]
        # Prefixes of absolute symlink targets that stay inside.
        self._names = {
            os.path.normpath(Path(one, *below)) for one in (above, os.path.realpath(above))
        }

    def __enter__(self) -> Root:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def open(self, relative: str) -> BinaryIO:
        """Open a regular file by its path as in :meth:`walk`: no ``./a``, no ``a//b``."""
        steps = relative.split("/")
        if "\0" in relative or any(step in ("", ".", "..") for step in steps):
            raise FileNotFoundError(errno.ENOENT, "that is not the name of a file")
        return self.open_steps(steps)

    def open_steps(self, steps: Iterable[str]) -> BinaryIO:
        done: list[str] = []
        left = [*steps]
        turns_count = 0
        folder = os.dup(self._descriptor)
        try:
            while left:
                name = left.pop(0)
                if name in ("", "."):
                    continue
                if name != "..":
                    found = self._open_step(folder, name, last=not left)
                    if isinstance(found, int) and not left:
                        return _regular(found)
                    if isinstance(found, int):
                        os.close(folder)
                        folder = found
                        done.append(name)
                        continue
                    # A symlink: its target replaces its name.
                    inside = self._inside(found)
                    left = ([*done, *found.split("/")] if inside is None else inside) + left
                elif done:
                    left = done[:-1] + left
                else:
                    break
                # From the root again: the parent may have changed meanwhile.
                turns_count += 1
                if turns_count > MAX_TURNS_COUNT:
                    break
                done = []
                os.close(folder)
                folder = os.dup(self._descriptor)
        finally:
            os.close(folder)
        raise FileNotFoundError(errno.ENOENT, "there is no such file in the folder")

    def _open_step(self, folder: int, name: str, *, last: bool) -> int | str:
        flags = _FILE if last else _FOLDER
        try:
            return os.open(name, flags, dir_fd=folder)
        except FileNotFoundError:
            # A client's name, with replacements for bytes that are not UTF-8.
            real = _told(os.listdir(folder)).get(name) if REPLACED in name else None
            if real is None:
                raise
            return self._open_step(folder, real, last=last)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
                raise
            try:
                return os.readlink(name, dir_fd=folder)
            except OSError:
                raise error from None  # It is neither a symlink nor a folder.

    def _inside(self, target: str) -> list[str] | None:
        """The steps of an absolute path below this folder; None for a relative path."""
        if not target.startswith("/"):
            return None
        for name in self._names:
            if target.startswith(f"{name}/"):
                return target[len(name) + 1 :].split("/")
        raise FileNotFoundError(errno.ENOENT, "the symlink leads outside the folder")

    def walk(self) -> Generator[FoundFile, None, None]:
        """All regular files, folder by folder, including symlinks that stay inside."""
        folders: list[tuple[str, tuple[str, ...]]] = [("", ())]
        while folders:
            prefix, steps = folders.pop()
            below: list[tuple[str, tuple[str, ...]]] = []
            try:
                folder = os.dup(self._descriptor)
                for step in steps:
                    folder = _step(folder, step)
            except OSError:
                continue  # It was just removed.
            try:
                for name, kind in self._entries(folder, prefix, steps):
                    if isinstance(kind, FoundFile):
                        yield kind
                    else:
                        below.append((name, kind))
            finally:
                os.close(folder)
            folders += reversed(below)

    def _entries(
        self, folder: int, prefix: str, steps: tuple[str, ...]
    ) -> Iterator[tuple[str, FoundFile | tuple[str, ...]]]:
        """The files of a folder, and the steps to its subfolders."""
        try:
            names = _told(os.listdir(folder))
        except OSError:
            return
        for told, name in sorted(names.items(), key=lambda one: one[1]):
            path = prefix + told
            if len(path.encode()) > MAX_PATH_BYTES:
                continue
            own = (*steps, name)
            try:
                status = os.lstat(name, dir_fd=folder)
                if stat.S_ISLNK(status.st_mode):
                    with self.open_steps(own) as file:
                        status = os.fstat(file.fileno())
            except (OSError, ValueError):
                continue  # It was just removed, or its target is not served.
            if stat.S_ISDIR(status.st_mode):
                # Symlinks to folders are not followed: folders inside are found anyway.
                yield f"{path}/", own
            elif stat.S_ISREG(status.st_mode):
                yield path, FoundFile(path, status, self, folder, own)


def _told(names: Iterable[str]) -> dict[str, str]:
    """Names in a folder by their names for clients: bytes that are not UTF-8 are replaced."""
    told: dict[str, str] = {}
    odd: list[tuple[str, str]] = []
    for name in sorted(names):
        text = os.fsencode(name).decode(errors="replace")
        if text == name:
            told[name] = name
        else:
            odd.append((text, name))
    counts: dict[str, int] = {}
    for text, name in odd:
        # Equal names get a number.
        unique = text
        while unique in told:
            counts[text] = counts.get(text, 1) + 1
            unique = f"{text} ({counts[text]})"
        told[unique] = name
    return told
