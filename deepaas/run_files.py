"""Environment variables and files that a training process and the host share."""

from __future__ import annotations


class RunFiles:
    """The first two are variables, which child processes inherit; the others are files."""

    DIRECTORY = "DEEPAAS_RUN_DIR"
    """The folder of the run, for files of the author's code."""

    CONTROL = "DEEPAAS_RUN_CONTROL"
    """The folder that contains the files below."""

    PROGRESS = "progress.json"
    """``{"step", "total", "message"}``, replaced completely each time."""

    CANCELLED = "cancelled"
    """Exists if cancelling the run was requested."""

    POLLED = "polled"
    """Exists if the author's code checks for ``CANCELLED`` itself."""

    WATCHED = "watched"
    """More folders with TensorBoard event files: one absolute path per line, as a JSON string."""
