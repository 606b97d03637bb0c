"""Full disks: a clear error, and a reserve to record how runs ended."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from deepaas.errors import StorageFull
from deepaas.messages import NO_SPACE

RESERVE_BYTES = 2 * 1024 * 1024

PLENTY = 5


@contextlib.contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Raises ``StorageFull`` if the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise StorageFull(what) from None
        raise


class Reserve:
    """Reserved space: the store can record how runs ended if one has filled the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def hold(self) -> None:
        if self._path.exists() or not self._is_plenty():
            return
        making = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            with making.open("wb") as file:
                # Random data, because a sparse file reserves nothing.
                file.write(os.urandom(RESERVE_BYTES))
                os.fsync(file.fileno())
            making.rename(self._path)
        except OSError:
            making.unlink(missing_ok=True)

    def _is_plenty(self) -> bool:
        try:
            return shutil.disk_usage(self._path.parent).free > PLENTY * RESERVE_BYTES
        except OSError:
            return False

    def give(self) -> None:
        self._path.unlink(missing_ok=True)
