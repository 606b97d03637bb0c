"""The folder for large results."""

from __future__ import annotations

import shutil
from pathlib import Path

from deepaas.messages import Answer, FromWorkerCalls, Part, inputs_folder


class Spool:
    """One file per call."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        self.path.mkdir(parents=True)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_result(self, call_id: int) -> None:
        """Remove files that a failed call may have left."""
        (self.path / str(call_id)).unlink(missing_ok=True)
        shutil.rmtree(inputs_folder(self.path, call_id), ignore_errors=True)


def is_own_file(spool: Path, name: str, path: str) -> bool:
    """Whether a path from a worker is empty or its own file, which the host may remove."""
    if not path:
        return True
    folder, _, own = path.rpartition("/")
    return folder == str(spool) and own.partition("-")[0] == name


def discard(message: FromWorkerCalls) -> None:
    if isinstance(message, (Answer, Part)) and message.path:
        Path(message.path).unlink(missing_ok=True)
