"""Other libraries' writers of event files, which take long to import: not at the top."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def torch_writer(folder: Path) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder))


def x_writer(folder: Path) -> Any:
    from tensorboardX import SummaryWriter

    return SummaryWriter(str(folder))
