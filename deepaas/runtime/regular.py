"""Files that models return: only regular ones are sent. A named pipe may never end, nor does a
device; to open some devices does something by itself."""

from __future__ import annotations

import os
import stat
from pathlib import PurePath
from typing import Any, BinaryIO

from deepaas.runtime.json_values import BadResult

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFSOCK: "a socket",
}
_DEVICES = (stat.S_IFCHR, stat.S_IFBLK)


def open_regular(path: str | PurePath) -> BinaryIO:
    """Open a regular file, also behind a symlink; BadResult if it is something else, or OSError."""
    # Asked before, as a device may act when it is opened, and after, as it may have changed.
    check_regular(path, os.stat(path))  # noqa: PTH116, an author's path may be a text
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        check_regular(path, os.fstat(descriptor))
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def check_regular(path: str | PurePath, status: os.stat_result) -> None:
    """BadResult if what a model has named is no regular file."""
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")
        raise BadResult(f"the model returned {str(path)!r}, which is {kind}, and no regular file")


def check_opened(file: Any) -> None:
    """BadResult for an open device, which is closed then: pipes have an end, devices need not."""
    try:
        kind = stat.S_IFMT(os.fstat(file.fileno()).st_mode)
    except (AttributeError, OSError, ValueError, TypeError):
        return  # In memory, or of a class of its own.
    if kind in _DEVICES:
        file.close()
        raise BadResult(f"the model returned an open device ({getattr(file, 'name', '')!r})")
