"""Checkpoints: files from which a stopped training run can continue."""

import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from demo_app.fit import CheckpointError, Options
from demo_app.weights import write

NAME = "checkpoint.pt"

_FORMAT = "demo_app checkpoint 1"


def save(state: dict[str, Any], path: Path) -> None:
    """Write a `Fit.state` to `path` atomically."""
    write({"format": _FORMAT, **state}, path)


def load(path: Path) -> dict[str, Any]:
    """Read a `Fit.state`. What the file says of the options and the network is not yet checked.

    Raises:
        CheckpointError: the file is no checkpoint.
    """
    _check_size(path)
    try:
        # `weights_only`, because other pickles can run code of the client.
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # A broken pickle can raise anything.
        raise CheckpointError(
            f"the file is no checkpoint: it is not {NAME} of a cancelled training, or broken"
        ) from error
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise CheckpointError(
            f"the file is no checkpoint, but something else of torch: send {NAME}, not weights"
        )
    options = state.get("options")
    if not isinstance(options, dict) or set(options) != {field.name for field in fields(Options)}:
        raise CheckpointError("not a checkpoint of this model: its options are others")
    return state


def _check_size(path: Path) -> None:
    """Refuse a file that is larger unpacked than it is: torch compresses nothing, bombs do.

    Raises:
        CheckpointError: parts of it are compressed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            packed = any(part.compress_type != zipfile.ZIP_STORED for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return  # Whatever it is, torch says so.
    if packed:
        raise CheckpointError(f"the file is no checkpoint: {NAME} is not compressed")
