"""Runs a real host for tests."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from deepaas.client import Client, ClientError
from deepaas.client.api_key import VARIABLE as API_KEY
from deepaas.programs import module_command

START_SECONDS = 600.0
LOOK_SECONDS = 0.05
END_SECONDS = 10.0
TAIL_LINES_COUNT = 25
TAIL_CHARACTERS = 6000

_LISTENS = re.compile(r"^\s*Start page: (http://\S+?)/$", re.MULTILINE)


class ServedModel:
    """A host in its own process that serves one model.

    Args:
        model: the name of its entry point.
        folder: for the log and the training runs.
        options: more options of deepaas-run.
        cwd: the working directory.
    """

    def __init__(self, model: str, folder: Path, options: Sequence[str], cwd: Path) -> None:
        self.model = model
        self.url = ""
        self._log = folder / "log"
        command = module_command("deepaas.testing.leash")
        command += ["--listen-ip", "127.0.0.1", "--listen-port", "0"]
        # Only its own database and keys, whatever the environment says.
        command += ["--state-dir", str(folder / "state"), "--database-url", ""]
        command += ["--keys-file", "", "--api-key-file", ""]
        environment = {name: value for name, value in os.environ.items() if name != API_KEY}
        command += ["--model-name", model, *options]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for pytest, which stops the host after the tests.
                start_new_session=True,
                env=environment,
            )

    @property
    def log(self) -> str:
        """The output of the host and the model."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def trouble(self) -> str:
        """Wait until the model is ready.

        Returns:
            why it is not ready, with the end of the host's log; empty if it is.
        """
        end = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None:
                return self._with_log(f"could not load the model {self.model!r}")
            if time.monotonic() > end:
                return self._with_log(
                    f"the model {self.model!r} is not ready after {START_SECONDS:g} s"
                )
            time.sleep(LOOK_SECONDS)
        return ""

    def stop(self) -> None:
        """Stop the host and everything it has started."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            # Its workers exit with it.
            self._process.kill()
            self._process.wait()

    def _is_ready(self) -> bool:
        if not self.url:
            found = _LISTENS.search(self.log)
            if found is None:
                return False
            self.url = found[1]
        try:
            with Client(self.url, timeout=10, retries=0) as client:
                return bool(client.health()["ready"])
        except ClientError:
            return False

    def _with_log(self, what: str) -> str:
        return f"{what}. End of the host's log:\n\n{tail(self.log)}"


def tail(log: str) -> str:
    """Return the end of a log."""
    lines = log[-TAIL_CHARACTERS:].strip().splitlines()
    return "\n".join(lines[-TAIL_LINES_COUNT:]) or "(empty)"
