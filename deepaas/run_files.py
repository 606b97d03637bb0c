"""The small files by which a training and the host find each other."""

from __future__ import annotations


class RunFiles:
    """The first two are variables, which a training's programs inherit, the others files."""

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
