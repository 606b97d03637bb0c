"""Stores trained networks: the weights in the package, and those trained later, by name."""

import functools
import os
import shutil
from pathlib import Path

import torch

from .network import Network

SHIPPED = "shipped"


class UnknownWeightsError(ValueError):
    """There are no weights with this name. The message is shown to the client."""


def folder() -> Path:
    """The folder for the weights of training runs."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "{{ cookiecutter.__package }}"


def file(name: str) -> Path:
    """The path of the weights with this name, whether they exist or not."""
    if name == SHIPPED:
        return Path(__file__).parent / "weights" / "shipped.pt"
    return folder() / f"{name}.pt"


def names() -> list[str]:
    """The names of all available weights."""
    return [SHIPPED, *sorted(path.stem for path in folder().glob("*.pt"))]


def load(name: str) -> Network:
    """Load a network with the weights of this name.

    Raises:
        UnknownWeightsError: there are none.
    """
    path = file(name)
    if not path.is_file():
        raise UnknownWeightsError(f"not found; available: {', '.join(names())}")
    return _load(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _load(path: Path, modified_ns: int) -> Network:
    """Load weights once. If the file is replaced, its modification time changes."""
    network = Network()
    network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return network


def save(network: Network, path: Path) -> None:
    """Save the weights of a network."""
    torch.save(network.state_dict(), path)


def publish(path: Path, name: str) -> None:
    """Copy a file with weights to the folder where `load` finds it by name."""
    folder().mkdir(parents=True, exist_ok=True)
    # Use a temporary name first, so that nobody sees an incomplete file.
    partial = folder() / f".{name}.{os.getpid()}"
    shutil.copyfile(path, partial)
    partial.replace(file(name))
