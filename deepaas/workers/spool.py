"""The folder through which large results go."""

from __future__ import annotations

import shutil
from pathlib import Path

from deepaas.messages import Answer, FromWorkerCalls, Part, inputs_folder


class Spool:
    """A folder for large results, one file per call.

    Args:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make it."""
        self.path.mkdir(parents=True)

    def remove(self) -> None:
        """Remove it with all that lies there."""
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_result(self, call_id: int) -> None:
        """Remove what a call that came to nothing may have left."""
        (self.path / str(call_id)).unlink(missing_ok=True)
        shutil.rmtree(inputs_folder(self.path, call_id), ignore_errors=True)


def is_own_file(spool: Path, name: str, path: str) -> bool:
    """Whether a worker names a file that is its own to name, or none: the host removes them.

    Args:
        spool: the folder for its large results.
        name: what the names of these files begin with.
        path: what it names.
    """
    if not path:
        return True
    folder, _, own = path.rpartition("/")
    return folder == str(spool) and own.partition("-")[0] == name


def discard(message: FromWorkerCalls) -> None:
    """Remove the file of an answer, or of a part of one, that nobody wants."""
    if isinstance(message, (Answer, Part)) and message.path:
        Path(message.path).unlink(missing_ok=True)
