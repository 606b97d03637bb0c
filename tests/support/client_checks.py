"""Scripts of checks that run with the Python of somebody else's client."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

HELP = Path(__file__).parent / "clients"
"""What the scripts can import."""


def checks(script: Path) -> list[str]:
    """The names of the checks in a script."""
    return re.findall(r"^(?:async )?def (check_\w+)", script.read_text(), re.M)


def told(python: Path, script: Path, *arguments: str) -> dict[str, str]:
    """What each check has found wrong: one process for all, as it takes long to import."""
    done = subprocess.run(
        [python, script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(HELP), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found
