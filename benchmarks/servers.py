"""Starts the servers that are compared, each on a free port of 127.0.0.1, and ends them."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import psutil

from benchmarks import client, deepaas26, deepinv_client, litserve0219, packages, peer_venv

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 15.0


class Kind(Enum):
    BARE = "bare aiohttp"
    OURS = "this host"
    BEFORE = "before"
    THEIRS = "DEEPaaS 2.6.0"
    LITSERVE = "LitServe 0.2.19"
    FLASK = "Flask with gunicorn"


@dataclass(frozen=True)
class Server:
    kind: Kind
    port: int
    process: "subprocess.Popen[bytes]"
    tmp: Path
    started_at: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, path: str) -> float:
        """Post to `path` until it answers 200; returns the seconds since the process's start."""
        deadline = self.started_at + START_TIMEOUT_SECONDS
        while time.perf_counter() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if client.post(self.port, path).status == 200:
                    return time.perf_counter() - self.started_at
            except OSError:
                pass
            time.sleep(0.01)
        raise RuntimeError(f"{self.kind.value} does not answer: {self._log()[-2000:]}")

    def wait_for_port(self) -> None:
        """Wait until it answers anything at all."""
        deadline = self.started_at + START_TIMEOUT_SECONDS
        while time.perf_counter() < deadline and self.process.poll() is None:
            with suppress(OSError):
                client.request(self.port, "GET", "/")
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.kind.value} does not answer: {self._log()[-2000:]}")

    def wait_until_ready(self) -> None:
        """Wait until its model is ready (ours only)."""
        deadline = self.started_at + START_TIMEOUT_SECONDS
        while time.perf_counter() < deadline and self.process.poll() is None:
            with suppress(OSError):
                if client.request(self.port, "GET", "/readyz").status == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{self.kind.value} is not ready: {self._log()[-2000:]}")

    def host(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def workers(self) -> list[psutil.Process]:
        return list(self.host().children(recursive=True))

    def _log(self) -> str:
        return (self.tmp.parent / "log").read_text(errors="replace")


@contextmanager
def running(
    kind: Kind,
    model: str = "nothing",
    prepare: Callable[[Path], None] | None = None,
    options: Sequence[str] = (),
    site: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """A server that serves `model`, with folders of its own; it may not answer yet.

    Args:
        kind: which one.
        model: one of `benchmarks/models`, or one that is installed.
        prepare: given its `XDG_STATE_HOME` before it starts.
        options: more for its command line.
        site: where the package is installed, if not with this interpreter.
        environment: more variables.
    """
    with tempfile.TemporaryDirectory(prefix="deepaas-bench-") as folder:
        home = Path(folder)
        tmp = home / "tmp"
        tmp.mkdir()
        port = free_port()
        command = [*_command(kind, model, port), *options]
        if prepare is not None:
            prepare(home / "state")
        models = [model] if (packages.MODELS / f"{model}.py").exists() else []
        variables = (
            os.environ
            | dict(environment or {})
            | {
                "TMPDIR": str(tmp),
                "XDG_CACHE_HOME": str(home / "cache"),
                "XDG_DATA_HOME": str(home / "data"),
                "XDG_STATE_HOME": str(home / "state"),
                "PYTHONPATH": packages.expose(models, home / "packages"),
            }
        )
        if kind in (Kind.BARE, Kind.LITSERVE, Kind.FLASK):
            variables["PYTHONPATH"] = str(peer_venv.ROOT)
        elif site is not None:  # Before what this interpreter has installed.
            variables["PYTHONPATH"] = f"{site}:{variables['PYTHONPATH']}"
        with open(home / "log", "wb") as log:
            started_at = time.perf_counter()
            process = subprocess.Popen(
                command,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Server(kind, port, process, tmp, started_at)
        finally:
            stop(process)


def _command(kind: Kind, model: str, port: int) -> list[str]:
    if kind is Kind.BARE:
        return [sys.executable, "-m", "benchmarks.bare", str(port)]
    if kind is Kind.LITSERVE:
        python = str(litserve0219.python())
        return [python, "-m", "benchmarks.litserve_server", str(port), model]
    if kind is Kind.FLASK:
        gunicorn = str(deepinv_client.python().with_name("gunicorn"))
        application = f"benchmarks.deepinv_server:served('{model}')"
        return [gunicorn, "--workers", "1", "--bind", f"127.0.0.1:{port}", application]
    ours = Path(sys.executable).parent / "deepaas-run"
    script = deepaas26.command() if kind is Kind.THEIRS else ours
    options = ["--listen-ip", "127.0.0.1", "--listen-port", str(port), "--workers", "1"]
    return [str(script), *options, "--model-name", model]


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to go, then make sure of everything that it started."""
    if process.poll() is not None:
        return
    children = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
