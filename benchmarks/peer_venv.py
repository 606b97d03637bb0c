"""Peers in virtual environments of their own, made when they are missing."""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def installed(name: str, requirements: list[str]) -> Path:
    """The folder of an environment; the first of several processes that ask makes it.

    Args:
        name: of the folder, in the checkout.
        requirements: what is installed there.
    """
    folder = ROOT / name
    stamp = folder / "complete"
    # This file serves as the lock, since the environment's folder comes and goes.
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            print(f"making {name} with {' '.join(requirements)}", file=sys.stderr)
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([ROOT / "scripts/make-venv", sys.executable, folder], check=True)
            subprocess.run([folder / "bin/pip", "install", "--quiet", *requirements], check=True)
            stamp.touch()
    return folder
