"""LitServe 0.2.19, which the benchmarks measure against."""

import sysconfig
from pathlib import Path

from benchmarks.peer_venv import installed


def python() -> Path:
    """The path of its Python, which finds libraries of models (PyTorch) where this one has them."""
    folder = installed(".venv-litserve0219", ["litserve==0.2.19", "numpy"])
    (site,) = folder.glob("lib/python*/site-packages")
    # Last on its path: what it has itself comes first.
    (site / "zz-models.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return folder / "bin/python"
