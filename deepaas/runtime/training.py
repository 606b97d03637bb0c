"""What is different in the process of a training: how it is ended, and what it tells."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from deepaas.model.v2 import run
from deepaas.run_files import RunFiles
from deepaas.runtime.contract import LoadedModel

NICENESS = 10
"""Where cores are few, predictions come first."""

TENSORBOARD_KEY = "tensorboard_dir"
"""Key of the model's metadata: a folder, or several, in which ``train`` writes event files."""


class RunCancelled(KeyboardInterrupt):
    """Raised where the author's code stands when its run is cancelled. Training loops and libraries
    are prepared for a ``KeyboardInterrupt``: they save what they have and leave."""


def step_back() -> None:
    with contextlib.suppress(OSError):
        os.nice(NICENESS)


@contextlib.contextmanager
def cancellable() -> Iterator[None]:
    """Around the author's ``train``: SIGTERM interrupts it, unless it looks by itself. Only the
    first does: service managers send it to every process, and the host sends its own to the
    training, which may be saving what it has by then."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        control = os.environ.get(RunFiles.CONTROL)
        if control is None or not (Path(control) / RunFiles.POLLED).exists():
            signal.signal(signal.SIGTERM, lambda *_: None)
            raise RunCancelled("the run is being cancelled")

    before = signal.signal(signal.SIGTERM, handle)
    try:
        control = os.environ.get(RunFiles.CONTROL)
        if control is not None and (Path(control) / RunFiles.CANCELLED).exists():
            raise RunCancelled("the run was cancelled before it began")
        yield
    except RunCancelled:
        print("[the training was interrupted: its run is being cancelled]", file=sys.stderr)
        raise
    except BaseException:
        # Into the log of the run, where its author will look for it.
        traceback.print_exc()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def watch_declared(model: LoadedModel) -> None:
    """Tell the host where event files are, if the model's metadata says so."""
    try:
        declared = model.metadata().get(TENSORBOARD_KEY)
        folders = declared if isinstance(declared, (list, tuple)) else [declared]
        for folder in folders:
            if isinstance(folder, (str, os.PathLike)):
                run.watch(folder)
    except (Exception, SystemExit):
        # A model may train that cannot describe itself.
        traceback.print_exc()
