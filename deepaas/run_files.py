"""The small files by which a training and the host find each other."""

from __future__ import annotations


class RunFiles:
    """How a training and the host find each other: through small files, beside the sockets.

    The first two are environment variables, which the programs that a training starts inherit;
    the others are files in the folder that ``CONTROL`` names.
    """

    DIRECTORY = "DEEPAAS_RUN_DIR"
    """The folder that belongs to the run, for whatever its author's code writes."""

    CONTROL = "DEEPAAS_RUN_CONTROL"
    """The folder with the files below."""

    PROGRESS = "progress.json"
    """``{"step", "total", "message"}``, replaced as a whole each time."""

    CANCELLED = "cancelled"
    """The host has been asked to cancel the run."""

    POLLED = "polled"
    """The author's code looks for ``CANCELLED`` by itself."""

    WATCHED = "watched"
    """More folders with TensorBoard event files: one absolute path as JSON text per line."""
