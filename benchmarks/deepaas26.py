"""DEEPaaS 2.6.0 in a virtual environment of its own, made when it is missing.

The benchmarks and `tests/compat` use the same.
"""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-deepaas26"
REQUIREMENTS = ["deepaas==2.6.0", "setuptools<81"]


def command() -> Path:
    """The path of its `deepaas-run`; the first of several processes that ask installs it."""
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
    return VENV / "bin/deepaas-run"
