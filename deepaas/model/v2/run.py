"""Helpers for the author's ``train``: progress, cancelling, the folder of the run.

They are optional, and code that uses them also works without a host, in a notebook say::

    from deepaas.model.v2 import run

    def train(epochs):
        writer = SummaryWriter(run.directory())
        for epoch in range(epochs):
            ...
            run.progress(epoch + 1, epochs, f"loss {loss:.3f}")
            if run.cancelling():
                torch.save(network.state_dict(), run.directory() / "checkpoint.pt")
                break

The host tells where to in the environment, which the programs that ``train`` starts inherit: they
may use the helpers too. What is told lies in small files, so that nothing has to be connected.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from deepaas.run_files import RunFiles


def directory() -> Path:
    """The folder that belongs to this run; without a host, the working directory.

    Whatever lies here can be listed and downloaded by clients, stays when the run has ended, and
    is removed with the run.
    """
    return Path(os.environ.get(RunFiles.DIRECTORY) or Path.cwd())


def progress(step: float, total: float | None = None, message: str = "") -> None:
    """Tell how far the run is; clients see the last that was told.

    Args:
        step: steps that are done, of any kind: epochs, batches, samples.
        total: steps in all, None when nobody knows.
        message: one line for people.
    """
    control = _control()
    if control is None:
        return
    told = {"step": float(step), "total": None if total is None else float(total)}
    partial = control / f".{RunFiles.PROGRESS}.{os.getpid()}"
    # A full disk must not end a training that only wants to tell how far it is.
    with contextlib.suppress(OSError):
        partial.write_text(json.dumps({**told, "message": str(message)}))
        partial.replace(control / RunFiles.PROGRESS)


def cancelling() -> bool:
    """Whether somebody has asked to cancel this run.

    Ask it where the training could stop and save what it has, once per epoch or batch. From the
    first question on the host trusts that the code will stop by itself; code that never asks is
    interrupted with a ``KeyboardInterrupt`` where it stands. Either has ``cancel-grace`` seconds.
    """
    control = _control()
    if control is None:
        return False
    polled = control / RunFiles.POLLED
    if not polled.exists():
        with contextlib.suppress(OSError):
            polled.touch()
    return (control / RunFiles.CANCELLED).exists()


def watch(path: str | os.PathLike[str]) -> None:
    """Name another folder in which this run writes TensorBoard event files.

    Those below :func:`directory` are found without this.
    """
    control = _control()
    if control is None:
        return
    with (control / RunFiles.WATCHED).open("a") as file:
        file.write(json.dumps(os.path.abspath(path)) + "\n")  # noqa: PTH100


def _control() -> Path | None:
    """Where to tell, None without a host."""
    folder = os.environ.get(RunFiles.CONTROL)
    return Path(folder) if folder else None
