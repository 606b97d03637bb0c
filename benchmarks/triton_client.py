"""Triton's client 2.73.0, which `tests/oip` asks our host with."""

from pathlib import Path

from benchmarks.peer_venv import installed


def python() -> Path:
    """The path of its Python."""
    return installed(".venv-tritonclient273", ["tritonclient[http]==2.73.0"]) / "bin/python"
