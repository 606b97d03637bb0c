"""Cog 0.23.1, which the benchmarks and `tests/compat/cog` measure against."""

from pathlib import Path

from benchmarks.peer_venv import installed

# coglet is its server; predictors of the tests return Pydantic's models, too.
REQUIREMENTS = ["cog==0.23.1", "coglet==0.23.1", "pydantic>=2,<3"]


def python() -> Path:
    """The path of its Python."""
    return installed(".venv-cog023", REQUIREMENTS) / "bin/python"


def command() -> list[str]:
    """What starts its HTTP server; the port and the predictor stand in the environment."""
    return [str(python()), "-m", "cog.server.http", "--host", "127.0.0.1"]
