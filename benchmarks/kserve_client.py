"""KServe's client 0.21.0, which `tests/oip` asks our host with."""

from pathlib import Path

from benchmarks.peer_venv import installed


def python() -> Path:
    """The path of its Python."""
    return installed(".venv-kserve021", ["kserve==0.21.0"]) / "bin/python"
