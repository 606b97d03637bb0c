"""Runs `deepaas-cli` as a user does, with the models of `tests/models`."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import prepared
from support.host import expose
from support.prepared import PROGRAMS

SECONDS = 60


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    output: bytes
    errors: str

    @property
    def json(self) -> Any:
        """The result; there must be nothing else on the standard output."""
        assert self.code == 0, self.errors
        return json.loads(self.output)


class Shell:
    """A folder to work in, and an environment in which some models are installed.

    Attributes:
        folder: the working directory, `DEEPAAS_TEST_DIR` for the models.
    """

    def __init__(self, folder: Path, *models: str) -> None:
        self.folder = folder
        path = expose(models, folder / "packages")
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DEEPAAS_", "COLUMNS", "NO_COLOR", "PYTHON"))
        } | {
            "PYTHONPATH": path,
            "PYTHONDONTWRITEBYTECODE": "1",
            "DEEPAAS_TEST_DIR": str(folder),
            "TMPDIR": str(folder),
            "DEEPAAS_V2_MODEL": models[0] if models else "",
        }

    def run(self, *words: str, program: str = "deepaas-cli", **environment: str) -> Ended:
        """Run a command to its end."""
        done = prepared.run_bytes(
            [PROGRAMS / program, *words],
            folder=self.folder,
            environment=self.environment | environment,
            seconds=SECONDS,
        )
        said = done.stderr.decode()
        assert "site-packages" not in said  # no traceback but the author's
        return Ended(done.returncode, done.stdout, said)

    def start(
        self, *words: str, program: str = "deepaas-cli", **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a command, as a process of which everything is its own."""
        return subprocess.Popen(
            [PROGRAMS / program, *words],
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
