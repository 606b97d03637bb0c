"""Opens files that models return, only if they are regular files. Named pipes and devices may never
end, and opening some devices has an effect."""

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
    """Open a regular file, or a symlink to one; raises BadResult for others, or OSError."""
    # Checked before, because opening a device may have an effect, and after, against changes.
    check_regular(path, os.stat(path))  # noqa: PTH116, an author's path may be a string
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        check_regular(path, os.fstat(descriptor))
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def check_regular(path: str | PurePath, status: os.stat_result) -> None:
    """BadResult if it is not a regular file."""
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise BadResult(f"the model returned {str(path)!r}, which is {kind}, not a regular file")


def check_opened(file: Any) -> None:
    """BadResult for an open device, which is closed: pipes end, devices may not."""
    try:
        kind = stat.S_IFMT(os.fstat(file.fileno()).st_mode)
    except (AttributeError, OSError, ValueError, TypeError):
        return  # In memory, or not a real file.
    if kind in _DEVICES:
        file.close()
        raise BadResult(f"the model returned an open device ({getattr(file, 'name', '')!r})")
