"""Where trained networks lie: those that the package ships, and by name those trained since."""

import functools
import os
import shutil
from pathlib import Path

import torch

from .network import Network

SHIPPED = "shipped"


class UnknownWeightsError(ValueError):
    """There are no weights of that name; the message is meant for whoever asked for them."""


def folder() -> Path:
    """Where trainings leave their weights."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "{{ cookiecutter.__package }}"


def file(name: str) -> Path:
    """Where the weights of that name are, or would be."""
    if name == SHIPPED:
        return Path(__file__).parent / "weights" / "shipped.pt"
    return folder() / f"{name}.pt"


def names() -> list[str]:
    """Of all weights there are."""
    return [SHIPPED, *sorted(path.stem for path in folder().glob("*.pt"))]


def load(name: str) -> Network:
    """A network with the weights of that name.

    Raises:
        UnknownWeightsError: there are none.
    """
    path = file(name)
    if not path.is_file():
        raise UnknownWeightsError(f"no weights are called {name}; there are: {', '.join(names())}")
    return _load(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _load(path: Path, modified_ns: int) -> Network:
    """Weights are read once; a file that has been replaced has another time."""
    network = Network()
    network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return network


def save(network: Network, path: Path) -> None:
    """Write the weights of a network."""
    torch.save(network.state_dict(), path)


def publish(path: Path, name: str) -> None:
    """Copy a file with weights to where `load` finds it by that name."""
    folder().mkdir(parents=True, exist_ok=True)
    # Under another name first: nobody ever sees half of it.
    partial = folder() / f".{name}.{os.getpid()}"
    shutil.copyfile(path, partial)
    partial.replace(file(name))
