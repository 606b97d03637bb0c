"""A training run in this process, with the files that a host would provide."""

from __future__ import annotations

import contextlib
import json
import os
from datetime import datetime
from pathlib import Path

from deepaas.cli.problems import CommandProblem, say
from deepaas.cli.status import ProgressLine
from deepaas.run_files import RunFiles

FOLDER = "deepaas-runs"
"""Folder of training runs, in the working directory."""


class LocalRun:
    """One training run. A new folder is created by default, and removed if it stays empty."""

    def __init__(self, model: str, folder: str | None, control: Path) -> None:
        self.is_cancelled = False
        self._control = control
        self._is_new = folder is None
        self._folder = Path(folder).absolute() if folder is not None else _new_folder(model)

    def __enter__(self) -> LocalRun:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            raise CommandProblem(
                f"could not create the folder {str(self._folder)!r}: {reason}. "
                "Choose another one: deepaas-cli --run-dir DIR train …"
            ) from None
        self._control.mkdir()
        os.environ[RunFiles.DIRECTORY] = str(self._folder)
        os.environ[RunFiles.CONTROL] = str(self._control)
        return self

    def __exit__(self, *_: object) -> None:
        del os.environ[RunFiles.DIRECTORY], os.environ[RunFiles.CONTROL]
        if self._is_new:
            with contextlib.suppress(OSError):
                self._folder.rmdir()
                self._folder.parent.rmdir()
        if self._folder.exists():
            say(f"Files of this training run: {_short(self._folder)}")

    def cancel(self) -> bool:
        """Request to stop. Return whether the code checks for this itself."""
        self.is_cancelled = True
        (self._control / RunFiles.CANCELLED).touch()
        return (self._control / RunFiles.POLLED).exists()

    def progress(self) -> ProgressLine | None:
        try:
            told = json.loads((self._control / RunFiles.PROGRESS).read_bytes())
        except (OSError, ValueError):
            return None
        return ProgressLine(told["step"], told["total"], told["message"])


def _new_folder(model: str) -> Path:
    now = datetime.now()
    folder = Path(FOLDER, f"{model}-{now:%Y%m%d-%H%M%S}").absolute()
    return folder if not folder.exists() else folder.with_name(f"{folder.name}-{now:%f}")


def _short(folder: Path) -> str:
    with contextlib.suppress(ValueError):
        return f"./{folder.relative_to(Path.cwd())}"
    return str(folder)
