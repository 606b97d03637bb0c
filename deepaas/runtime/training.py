"""The process of a training run: how it is stopped, and what it reports."""

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
"""Predictions have priority if there are few cores."""

TENSORBOARD_KEY = "tensorboard_dir"
"""Key of the model's metadata: one or more folders in which ``train`` writes event files."""


class RunCancelled(KeyboardInterrupt):
    """Raised in the author's code when its run is cancelled. Training loops and libraries handle
    ``KeyboardInterrupt``: they save their state and stop."""


def step_back() -> None:
    with contextlib.suppress(OSError):
        os.nice(NICENESS)


@contextlib.contextmanager
def cancellable() -> Iterator[None]:
    """Around the author's ``train``: SIGTERM interrupts it, unless it polls for cancellation. Only
    the first signal counts: service managers send one to every process, and the host sends another
    one, when the training may already be saving its state."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        control = os.environ.get(RunFiles.CONTROL)
        if control is None or not (Path(control) / RunFiles.POLLED).exists():
            signal.signal(signal.SIGTERM, lambda *_: None)
            raise RunCancelled("the run is being cancelled")

    before = signal.signal(signal.SIGTERM, handle)
    try:
        control = os.environ.get(RunFiles.CONTROL)
        if control is not None and (Path(control) / RunFiles.CANCELLED).exists():
            raise RunCancelled("the run was cancelled before it started")
        yield
    except RunCancelled:
        print("[the training was interrupted: its run is being cancelled]", file=sys.stderr)
        raise
    except BaseException:
        # To the log of the run, where the author looks for it.
        traceback.print_exc()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def watch_declared(model: LoadedModel) -> None:
    """Report the folders of event files from the model's metadata to the host."""
    try:
        declared = model.metadata().get(TENSORBOARD_KEY)
        folders = declared if isinstance(declared, (list, tuple)) else [declared]
        for folder in folders:
            if isinstance(folder, (str, os.PathLike)):
                run.watch(folder)
    except (Exception, SystemExit):
        # A model can train even if its metadata fails.
        traceback.print_exc()
