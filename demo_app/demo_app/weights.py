"""Where weights are kept, and how they are read and written.

The package ships `digits`. Trainings add their own, named by whoever starts them, in the folder of
`models_dir()`; nothing is ever written into the installed package.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from demo_app.network import DigitNet

SHIPPED = "digits"
NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

_SUFFIX = ".pt"


class UnknownWeightsError(LookupError):
    """No weights of this name; the message lists those there are."""


def models_dir() -> Path:
    """This user's own weights: in $XDG_DATA_HOME/demo_app, usually ~/.local/share/demo_app."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "demo_app"


def available() -> list[str]:
    """The names of all weights: the shipped ones first, then the trained ones by alphabet."""
    # `is_file` follows links: weights whose training run has been deleted are left out.
    trained = sorted(path.stem for path in models_dir().glob(f"*{_SUFFIX}") if path.is_file())
    return [SHIPPED, *(name for name in trained if name != SHIPPED)]


def load(name: str) -> DigitNet:
    """The network with the weights `name`; kept in memory until the file changes.

    Raises:
        UnknownWeightsError: if `available` does not list the name.
    """
    names = available()
    folder = Path(__file__).parent / "weights" if name == SHIPPED else models_dir()
    path = folder / f"{name}{_SUFFIX}"
    try:
        if name in names:
            return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:  # Its training run has just been deleted.
        names.remove(name)
    raise UnknownWeightsError(f"there are no weights {name!r}; available: {', '.join(names)}")


def save(network: DigitNet, path: Path) -> None:
    """Write the network's weights to `path`, whole or not at all."""
    # Half precision halves the file and changes no answer.
    state = {name: value.half() for name, value in network.state_dict().items()}
    write(state, path)


def write(state: dict[str, Any], path: Path) -> None:
    """Write what `torch.load(path, weights_only=True)` can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file:
            torch.save(state, file)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def publish(network: DigitNet, name: str, run_dir: Path | None) -> Path:
    """Save newly trained weights so that `load(name)` finds them, and return the file.

    The name then stands for these, whatever it stood for before; older ones that belong to a run
    stay in its folder.

    Args:
        run_dir: the folder of the training run, if the host gave one: the file then belongs to the
            run, and the models folder gets only a link to it.
    """
    listed = models_dir() / f"{name}{_SUFFIX}"
    if run_dir is None:
        save(network, listed)
        return listed
    path = run_dir.absolute() / f"{name}{_SUFFIX}"
    save(network, path)
    listed.parent.mkdir(parents=True, exist_ok=True)
    link = listed.with_name(f".{listed.name}.{os.getpid()}")
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    link.replace(listed)
    return path


@lru_cache(maxsize=4)
def _read(path: Path, changed_ns: int) -> DigitNet:  # noqa: ARG001, a new time stamp is a new entry
    network = DigitNet()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval()
