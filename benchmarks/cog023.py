"""Cog 0.23.1 in a virtual environment of its own, made when it is missing.

The benchmarks and `tests/compat/cog` use the same.
"""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.deepaas26 import ROOT

VENV = ROOT / ".venv-cog023"
# coglet is its server; predictors of the tests return Pydantic's models, too.
REQUIREMENTS = ["cog==0.23.1", "coglet==0.23.1", "pydantic>=2,<3"]


def python() -> Path:
    """The path of its Python; the first of several processes that ask installs it."""
    stamp = VENV / "complete"
    # This file serves as the lock, since the environment's folder comes and goes.
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            print(f"making {VENV.name} with {' '.join(REQUIREMENTS)}", file=sys.stderr)
            shutil.rmtree(VENV, ignore_errors=True)
            subprocess.run([ROOT / "scripts/make-venv", sys.executable, VENV], check=True)
            subprocess.run([VENV / "bin/pip", "install", "--quiet", *REQUIREMENTS], check=True)
            stamp.touch()
    return VENV / "bin/python"


def command() -> list[str]:
    """What starts its HTTP server; the port and the predictor stand in the environment."""
    return [str(python()), "-m", "cog.server.http", "--host", "127.0.0.1"]
