"""The host's temporary folder: made at the start, gone at the end, however the end comes."""

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
    """A folder for uploads and large results, removed on leaving.

    What killed hosts have left behind is removed on entering: a lock tells which of them live.
    """
    root = Path(tempfile.gettempdir())
    for left in root.glob(f"{PREFIX}*"):
        _remove_if_dead(left)
    unlocked = Path(tempfile.mkdtemp(prefix=UNLOCKED_PREFIX))
    lock = os.open(unlocked, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    # Only now does it get a name that other hosts look at.
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
        return  # Somebody else's.
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
