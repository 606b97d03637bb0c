"""DEEPaaS 2.6.0, which the benchmarks and `tests/compat` measure against."""

from pathlib import Path

from benchmarks.peer_venv import installed


def command() -> Path:
    """The path of its `deepaas-run`."""
    return installed(".venv-deepaas26", ["deepaas==2.6.0", "setuptools<81"]) / "bin/deepaas-run"
