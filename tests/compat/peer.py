"""DEEPaaS 2.6.0 in a virtual environment of its own, made once; the benchmarks use the same."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENV = ROOT / ".venv-deepaas26"
REQUIREMENTS = ["deepaas==2.6.0", "setuptools<81"]


def peer_program() -> Path:
    """Its `deepaas-run`; the first of several test processes that ask installs it."""
    stamp = VENV / "complete"
    # This file serves as the lock, since the environment's folder comes and goes.
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            shutil.rmtree(VENV, ignore_errors=True)
            subprocess.run([ROOT / "scripts/make-venv", sys.executable, VENV], check=True)
            subprocess.run([VENV / "bin/pip", "install", "-q", *REQUIREMENTS], check=True)
            stamp.touch()
    return VENV / "bin/deepaas-run"


def our_program() -> Path:
    """Our `deepaas-run`. COMPAT_PROGRAM names another, to see what the tests say of that."""
    given = os.environ.get("COMPAT_PROGRAM")
    return Path(given) if given else Path(sys.executable).parent / "deepaas-run"
