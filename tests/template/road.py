"""The shell of somebody who makes a package, and what it has shown so far."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 400.0
"""So long a command may take, on a machine that is busy."""

SHOWN_LINES = 12
"""Of what a command prints, in the transcript."""


class Road:
    """Types commands into a shell, where an environment is active.

    Attributes:
        transcript: the commands, each with how long it took and the end of what it printed.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        """
        Args:
            folder: where it begins.
            environment: of the commands.
        """
        self.folder = folder
        self.transcript = ""
        self._environment = environment
        self._host: subprocess.Popen[bytes] | None = None
        self._log = folder / "host.log"

    def cd(self, name: str) -> None:
        """Go into a folder below this one."""
        self.folder = self.folder / name
        self._note(f"$ cd {name}\n")

    def type(self, command: str, answers: str = "") -> str:
        """Run a command; it has to succeed.

        Args:
            command: for bash.
            answers: to what it asks.

        Returns:
            its standard output.
        """
        began = time.monotonic()
        done = subprocess.run(
            ["bash", "-ec", command],
            cwd=self.folder,
            env=self._environment,
            input=answers,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        said = f"{done.stdout}{done.stderr}"
        lines = said.strip().splitlines()[-SHOWN_LINES:]
        took = time.monotonic() - began
        self._note(f"$ {command}   # {took:.1f} s\n" + "".join(f"{line}\n" for line in lines))
        assert done.returncode == 0, f"{command}:\n{said}\n{self.log}"
        return done.stdout

    def serve(self, command: str, port: int) -> None:
        """Start a host in another shell, and wait until its models are ready."""
        command = f"{command} --listen-port {port}"
        with self._log.open("wb") as log:
            self._host = subprocess.Popen(
                command.split(),
                cwd=self.folder,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Popen looks for the program in the PATH of this process.
                executable=shutil.which(command.split()[0], path=self._environment["PATH"]),
            )
        self._note(f"$ {command} &\n")
        self.wait_for(f"curl -sf http://127.0.0.1:{port}/readyz")

    def wait_for(self, command: str) -> str:
        """Run a command again and again until it succeeds.

        Returns:
            its standard output.
        """
        began = time.monotonic()
        while True:
            done = subprocess.run(
                ["bash", "-c", command], cwd=self.folder, env=self._environment, capture_output=True
            )
            took = time.monotonic() - began
            if done.returncode == 0:
                self._note(f"$ until {command}; do sleep 0.2; done   # {took:.1f} s\n")
                return done.stdout.decode()
            alive = self._host is not None and self._host.poll() is None
            assert alive and took < SECONDS / 4, f"{command}:\n{done.stdout!r}\n{self.log}"
            time.sleep(0.2)

    def stop(self) -> int | None:
        """Stop the host as Ctrl-C does.

        Returns:
            its exit code; None if there is none.
        """
        if self._host is None:
            return None
        if self._host.poll() is None:
            self._host.send_signal(signal.SIGINT)
        try:
            return self._host.wait(60)
        finally:
            if self._host.poll() is None:
                os.killpg(self._host.pid, signal.SIGKILL)
                self._host.wait()

    @property
    def log(self) -> str:
        """What the host has said."""
        return self._log.read_text() if self._log.exists() else ""

    def note(self, words: str) -> None:
        """Write something into the transcript."""
        self._note(f"# {words}\n")

    def _note(self, text: str) -> None:
        self.transcript += text
        print(text, end="", flush=True)


def wheel_of_this_checkout(folder: Path) -> Path:
    """Build the wheel of the host, from a copy: building leaves files where the sources are.

    Returns:
        the folder of the wheel.
    """
    source = folder / "deepaas-source"
    shutil.copytree(
        ROOT / "deepaas", source / "deepaas", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    options = [
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(folder / "wheels"),
    ]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(source)]
    subprocess.run(command, check=True)
    return folder / "wheels"
