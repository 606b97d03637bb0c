"""LitServe 0.2.19, which the benchmarks measure against."""

from pathlib import Path

from benchmarks.peer_venv import installed


def python() -> Path:
    """The path of its Python."""
    return installed(".venv-litserve0219", ["litserve==0.2.19", "numpy"]) / "bin/python"
