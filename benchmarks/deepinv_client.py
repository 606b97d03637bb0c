"""DeepInverse 0.5.0, whose client `tests/deepinv` runs against our host; and Flask with gunicorn,
for the server of its documentation."""

from pathlib import Path

from benchmarks.peer_venv import ROOT, installed

REQUIREMENTS = [
    # Without the pin, another PyTorch with CUDA is installed.
    "torch==2.13.0",
    "torchvision==0.28.0",
    "deepinv==0.5.0",
    "flask==3.1.3",
    "gunicorn==23.0.0",
    str(ROOT / "benchmarks/torchvision_shim"),
]


def python() -> Path:
    """The path of its Python."""
    return installed(".venv-deepinv050", REQUIREMENTS) / "bin/python"
