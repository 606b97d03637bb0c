"""The host's temporary folder: created at the start, and removed even if the host was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "deepaas-host-"
UNLOCKED_PREFIX = "deepaas-new-"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for uploads and large results, removed at exit.

    Folders of killed hosts are removed first: a lock shows which hosts are running.
    """
    root = Path(tempfile.gettempdir())
    for left in root.glob(f"{PREFIX}*"):
        _remove_if_dead(left)
    unlocked = Path(tempfile.mkdtemp(prefix=UNLOCKED_PREFIX))
    lock = os.open(unlocked, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    # Only now it gets a name that other hosts check.
    folder = unlocked.rename(root / (PREFIX + unlocked.name.removeprefix(UNLOCKED_PREFIX)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_if_dead(folder: Path) -> None:
    try:
        lock = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # It belongs to another user.
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
