"""The folder of a run:

::

    RUN/files/      DEEPAAS_RUN_DIR, the author's own; clients may list and download it
    RUN/control/    messages between the helpers of deepaas.model.v2.run and the host
    RUN/inputs/     the request and its files
    RUN/log/        the output of the run, in segments
    RUN/spool/      for large results from the process
    RUN/trace       the trace that it belongs to, if any
    RUN/args.json   the arguments, if too large for the store
    RUN/result.json what train returned, if too large for the store
    RUN/outcome     how it ended, written before the store is updated
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from deepaas.beneath import open_file, open_folder, remove_tree
from deepaas.messages import Inputs
from deepaas.run_files import RunFiles
from deepaas.training.run_trace import RunTrace
from deepaas.training.runs import RunOutcome, RunProgress

INPUTS_FILE = "inputs.msgpack"

OWN_STEPS = 2
"""The last two parts of paths in a run's folder can be changed by the author's code."""

MAX_TOLD_BYTES = 64 * 1024
"""At most this is read of files that the author's code writes, such as the progress."""

MAX_WATCHED_COUNT = 32

MAX_OUTCOME_BYTES = 1024 * 1024
DAY_SECONDS = 86400.0


@dataclass(frozen=True)
class Folder:
    path: Path

    @property
    def files(self) -> Path:
        return self.path / "files"

    @property
    def control(self) -> Path:
        return self.path / "control"

    @property
    def inputs(self) -> Path:
        return self.path / "inputs"

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    @property
    def trace(self) -> Path:
        return self.path / "trace"

    @property
    def args(self) -> Path:
        return self.path / "args.json"

    @property
    def result(self) -> Path:
        return self.path / "result.json"

    @property
    def outcome(self) -> Path:
        return self.path / "outcome"

    # --- the request ---

    def store_inputs(self, inputs: Inputs) -> None:
        """Store the request; its files are moved here."""

        def move(path: str) -> str:
            name = Path(path).name
            shutil.move(path, self.inputs / name)
            return name

        kept = inputs.with_paths(move)
        (self.inputs / INPUTS_FILE).write_bytes(msgspec.msgpack.encode(kept))

    def store_args(self, path: Path) -> None:
        shutil.move(path, self.args)

    def load_inputs(self) -> Inputs:
        stored = (self.inputs / INPUTS_FILE).read_bytes()
        kept: Inputs = msgspec.msgpack.decode(stored, type=Inputs)
        return kept.with_paths(lambda name: str(self.inputs / name))

    def drop_inputs(self) -> None:
        # Nothing is removed if the folder has been replaced by a symlink.
        with contextlib.suppress(OSError), opened(self.path) as folder:
            for name in (self.inputs.name, self.spool.name):
                remove_tree(name, folder)

    def store_trace(self, trace: RunTrace) -> None:
        self.trace.write_bytes(msgspec.json.encode(trace))

    def load_trace(self) -> RunTrace | None:
        told = read_file(self.trace, MAX_TOLD_BYTES)
        try:
            return msgspec.json.decode(told, type=RunTrace) if told else None
        except msgspec.MsgspecError:
            return None

    # --- messages between its process and the host ---

    def shared(self) -> dict[str, Path]:
        """Other folders that its process writes to, by their environment variables."""
        return {RunFiles.DIRECTORY: self.files, RunFiles.CONTROL: self.control}

    def tell_cancelled(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        # OSError, for example a full disk: the signal must be enough.
        with contextlib.suppress(OSError), opened(self.control, OWN_STEPS) as folder:
            os.close(os.open(RunFiles.CANCELLED, flags, 0o644, dir_fd=folder))

    def progress(self) -> RunProgress | None:
        told = self._told(RunFiles.PROGRESS)
        try:
            return msgspec.json.decode(told, type=RunProgress) if told else None
        except msgspec.MsgspecError:
            return None

    def watched(self) -> list[Path]:
        paths = []
        for line in self._told(RunFiles.WATCHED).splitlines():
            with contextlib.suppress(ValueError):
                path: Any = json.loads(line)
                if isinstance(path, str) and "\0" not in path and Path(path) not in paths:
                    paths.append(Path(path))
        return paths[:MAX_WATCHED_COUNT]

    def _told(self, name: str) -> bytes:
        return read_file(self.control / name, MAX_TOLD_BYTES, OWN_STEPS + 1)

    # --- how it ended ---

    def write_outcome(self, outcome: RunOutcome) -> None:
        partial = "outcome.partial"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        # Does not follow a symlink in place of the folder.
        with opened(self.path) as folder:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(partial, dir_fd=folder)
            with open(os.open(partial, flags, 0o600, dir_fd=folder), "wb") as file:
                file.write(msgspec.json.encode(outcome))
            os.rename(partial, self.outcome.name, src_dir_fd=folder, dst_dir_fd=folder)

    def read_outcome(self) -> RunOutcome | None:
        try:
            outcome = msgspec.json.decode(
                read_file(self.outcome, MAX_OUTCOME_BYTES), type=RunOutcome
            )
            if outcome.result is not None:
                msgspec.json.decode(outcome.result)
        except (ValueError, RecursionError):
            return None
        # The author's code can write here too.
        believable = outcome.state.final and 0 < outcome.finished < time.time() + DAY_SECONDS
        return outcome if believable else None


def read_file(path: Path, max_bytes: int = -1, own_steps: int = OWN_STEPS) -> bytes:
    """Read the beginning (-1: all) of a regular file; empty if it cannot be read.

    The author's code could have replaced the last ``own_steps`` parts of the path by anything: a
    pipe, which would block the host, or a symlink to a secret file.
    """
    try:
        with open_file(path, own_steps) as file:
            return file.read(max_bytes)
    except OSError:
        return b""


@contextlib.contextmanager
def opened(path: Path, own_steps: int = 1) -> Iterator[int]:
    """Open a folder; the last parts of its path must not be symlinks. Raises ``OSError``."""
    folder = open_folder(path, own_steps)
    try:
        yield folder
    finally:
        os.close(folder)
