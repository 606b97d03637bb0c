"""DEEPaaS 2.6.0 in a virtual environment of its own, made when it is missing."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-deepaas26"
REQUIREMENTS = ["deepaas==2.6.0", "setuptools<81"]


def command() -> Path:
    """The path of its `deepaas-run`."""
    script = VENV / "bin" / "deepaas-run"
    stamp = VENV / "complete"
    if not stamp.exists():
        print(f"making {VENV.name} with {' '.join(REQUIREMENTS)}", file=sys.stderr)
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([str(ROOT / "scripts" / "make-venv"), sys.executable, str(VENV)], check=True)
        pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", *REQUIREMENTS]
        subprocess.run(pip, check=True)
        stamp.touch()
    return script
